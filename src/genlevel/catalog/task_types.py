"""The task types that the editions use. Which of them can be run is what ``genlevel.tasktypes`` says."""

from __future__ import annotations

_NAMES = """
image-classification visual-question-answering multiple-choice-visual-question-answering image-captioning image-to-text
object-detection keypoint-detection visual-grounding image-counting image-segmentation instance-segmentation
panoptic-segmentation image-matting depth-estimation image-anomaly-detection image-text-retrieval scene-graph-generation

text-to-image image-to-image sketch-to-image layout-to-image audio-to-image eeg-to-image image-denoising image-inpainting
image-super-resolution

video-classification video-question-answering video-captioning video-salient-object-detection video-object-segmentation
referring-video-object-segmentation video-grounding video-depth-estimation optical-flow-estimation visual-tracking
text-to-video image-to-video video-to-video video-frame-interpolation

audio-classification audio-question-answering audio-captioning automatic-speech-recognition
text-to-audio text-to-speech image-to-audio video-to-audio audio-to-audio audio-denoising

point-cloud-classification point-cloud-segmentation point-cloud-instance-segmentation point-cloud-question-answering
point-cloud-odometry 3d-object-tracking 3d-object-detection normal-estimation motion-captioning
point-cloud-completion point-cloud-to-mesh text-to-3d image-to-3d text-to-motion

text-classification multiple-choice question-answering token-extraction text-generation translation summarization dialogue
code-generation text-to-sql mathematical-reasoning time-series-forecasting
"""

TASK_TYPE_NAMES: frozenset[str] = frozenset(_NAMES.split())
