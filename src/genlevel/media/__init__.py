"""Images, sound, video and points: bytes to arrays and back, within hard limits.

Every loader takes a :class:`~genlevel.records.Part` and raises :class:`MediaError`, and nothing else, for whatever the part
holds. What a header says is checked against a limit or against the bytes that are there before memory is allocated for it.
"""

from genlevel.media.audio import encode_wav, load_audio
from genlevel.media.errors import MediaError
from genlevel.media.files import media_type, part_bytes
from genlevel.media.images import encode_png, image_size, load_image, load_mask
from genlevel.media.points import encode_ply, load_points
from genlevel.media.resize import reduced
from genlevel.media.video import encode_mp4, load_frames

__all__ = [
    "MediaError",
    "encode_mp4",
    "encode_ply",
    "encode_png",
    "encode_wav",
    "image_size",
    "load_audio",
    "load_frames",
    "load_image",
    "load_mask",
    "load_points",
    "media_type",
    "part_bytes",
    "reduced",
]
