"""Task types: one class per kind of task, found by name."""

from __future__ import annotations

from functools import cache

from genlevel.records import Task
from genlevel.registry import Registry
from genlevel.tasktypes.base import TaskType

__all__ = ["TASK_TYPES", "TaskType", "for_task", "get"]

TASK_TYPES = Registry(
    "task type",
    "genlevel.task_types",
    {
        "3d-object-detection": "genlevel.tasktypes.space:SpaceDetection",
        "3d-object-tracking": "genlevel.tasktypes.space:SpaceTracking",
        "audio-captioning": "genlevel.tasktypes.audio:AudioCaptioning",
        "audio-classification": "genlevel.tasktypes.audio:AudioClassification",
        "audio-denoising": "genlevel.tasktypes.audio:AudioDenoising",
        "audio-question-answering": "genlevel.tasktypes.audio:AudioQuestionAnswering",
        "audio-to-audio": "genlevel.tasktypes.audio:AudioToAudio",
        "audio-to-image": "genlevel.tasktypes.signals:AudioToImage",
        "automatic-speech-recognition": "genlevel.tasktypes.audio:AutomaticSpeechRecognition",
        "code-generation": "genlevel.tasktypes.text:CodeGeneration",
        "depth-estimation": "genlevel.tasktypes.depth:DepthEstimation",
        "dialogue": "genlevel.tasktypes.text:Dialogue",
        "eeg-to-image": "genlevel.tasktypes.signals:EegToImage",
        "image-anomaly-detection": "genlevel.tasktypes.matting:ImageAnomalyDetection",
        "image-captioning": "genlevel.tasktypes.image:ImageCaptioning",
        "image-classification": "genlevel.tasktypes.image:ImageClassification",
        "image-counting": "genlevel.tasktypes.image:ImageCounting",
        "image-denoising": "genlevel.tasktypes.pictures:ImageDenoising",
        "image-inpainting": "genlevel.tasktypes.pictures:ImageInpainting",
        "image-matting": "genlevel.tasktypes.matting:ImageMatting",
        "image-segmentation": "genlevel.tasktypes.dense:ImageSegmentation",
        "image-super-resolution": "genlevel.tasktypes.pictures:ImageSuperResolution",
        "image-text-retrieval": "genlevel.tasktypes.retrieval:ImageTextRetrieval",
        "image-to-3d": "genlevel.tasktypes.shapes:ImageTo3d",
        "image-to-audio": "genlevel.tasktypes.signals:ImageToAudio",
        "image-to-image": "genlevel.tasktypes.pictures:ImageToImage",
        "image-to-text": "genlevel.tasktypes.image:ImageToText",
        "image-to-video": "genlevel.tasktypes.films:ImageToVideo",
        "instance-segmentation": "genlevel.tasktypes.instances:InstanceSegmentation",
        "keypoint-detection": "genlevel.tasktypes.grounding:KeypointDetection",
        "layout-to-image": "genlevel.tasktypes.pictures:LayoutToImage",
        "mathematical-reasoning": "genlevel.tasktypes.text_labels:MathematicalReasoning",
        "motion-captioning": "genlevel.tasktypes.shapes:MotionCaptioning",
        "multiple-choice": "genlevel.tasktypes.text_labels:MultipleChoice",
        "multiple-choice-visual-question-answering": "genlevel.tasktypes.image:MultipleChoiceVisualQuestionAnswering",
        "normal-estimation": "genlevel.tasktypes.normals:NormalEstimation",
        "object-detection": "genlevel.tasktypes.boxes:ObjectDetection",
        "optical-flow-estimation": "genlevel.tasktypes.flow:OpticalFlowEstimation",
        "panoptic-segmentation": "genlevel.tasktypes.instances:PanopticSegmentation",
        "point-cloud-classification": "genlevel.tasktypes.points:PointCloudClassification",
        "point-cloud-completion": "genlevel.tasktypes.points:PointCloudCompletion",
        "point-cloud-instance-segmentation": "genlevel.tasktypes.space:PointCloudInstanceSegmentation",
        "point-cloud-odometry": "genlevel.tasktypes.space:PointCloudOdometry",
        "point-cloud-question-answering": "genlevel.tasktypes.points:PointCloudQuestionAnswering",
        "point-cloud-segmentation": "genlevel.tasktypes.points:PointCloudSegmentation",
        "point-cloud-to-mesh": "genlevel.tasktypes.shapes:PointCloudToMesh",
        "question-answering": "genlevel.tasktypes.text_labels:QuestionAnswering",
        "referring-video-object-segmentation": "genlevel.tasktypes.video_masks:ReferringVideoObjectSegmentation",
        "scene-graph-generation": "genlevel.tasktypes.scene_graph:SceneGraphGeneration",
        "sketch-to-image": "genlevel.tasktypes.pictures:SketchToImage",
        "summarization": "genlevel.tasktypes.text:Summarization",
        "text-classification": "genlevel.tasktypes.text_labels:TextClassification",
        "text-generation": "genlevel.tasktypes.text:TextGeneration",
        "text-to-3d": "genlevel.tasktypes.shapes:TextTo3d",
        "text-to-audio": "genlevel.tasktypes.audio:TextToAudio",
        "text-to-image": "genlevel.tasktypes.pictures:TextToImage",
        "text-to-motion": "genlevel.tasktypes.shapes:TextToMotion",
        "text-to-speech": "genlevel.tasktypes.spoken:TextToSpeech",
        "text-to-sql": "genlevel.tasktypes.text:TextToSql",
        "text-to-video": "genlevel.tasktypes.films:TextToVideo",
        "time-series-forecasting": "genlevel.tasktypes.text_labels:TimeSeriesForecasting",
        "token-extraction": "genlevel.tasktypes.text_labels:TokenExtraction",
        "translation": "genlevel.tasktypes.text:Translation",
        "video-captioning": "genlevel.tasktypes.video:VideoCaptioning",
        "video-classification": "genlevel.tasktypes.video:VideoClassification",
        "video-depth-estimation": "genlevel.tasktypes.depth:VideoDepthEstimation",
        "video-frame-interpolation": "genlevel.tasktypes.pictures:VideoFrameInterpolation",
        "video-grounding": "genlevel.tasktypes.tubes:VideoGrounding",
        "video-object-segmentation": "genlevel.tasktypes.video_masks:VideoObjectSegmentation",
        "video-question-answering": "genlevel.tasktypes.video:VideoQuestionAnswering",
        "video-salient-object-detection": "genlevel.tasktypes.video_masks:VideoSalientObjectDetection",
        "video-to-audio": "genlevel.tasktypes.spoken:VideoToAudio",
        "video-to-video": "genlevel.tasktypes.films:VideoToVideo",
        "visual-grounding": "genlevel.tasktypes.grounding:VisualGrounding",
        "visual-question-answering": "genlevel.tasktypes.image:VisualQuestionAnswering",
        "visual-tracking": "genlevel.tasktypes.video:VisualTracking",
    },
)


@cache
def get(name: str) -> TaskType:
    """The task type called ``name``."""
    kind: type[TaskType] = TASK_TYPES.load(name)
    return kind()


def for_task(task: Task) -> TaskType:
    """The task's type, reading records and answers as the task's metric takes them."""
    kind = get(task.task_type)
    return kind.for_metric(kind.metric(task))
