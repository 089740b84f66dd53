"""What a catalog has to know of a metric: which way is better, in which unit it is printed, and its range.

The metrics themselves live in ``genlevel.metrics``; this table is plain data, so that a catalog loads without NumPy and
also holds tasks whose metric nobody can compute (people's ratings).
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from genlevel.records import Direction, Scale


class MetricRow(NamedTuple):
    """One metric. ``low`` and ``high`` bound a printed score in the unit that ``scale`` names."""

    direction: Direction
    scale: Scale
    low: float
    high: float
    title: str


def _percent(title: str, *, low: float = 0.0, high: float = 100.0) -> MetricRow:
    return MetricRow("higher", "percent", low, high, title)


def _error(title: str) -> MetricRow:
    return MetricRow("lower", "raw", 0.0, inf, title)


METRICS_TABLE: dict[str, MetricRow] = {
    # labels, sets, ranks
    "accuracy": _percent("accuracy"),
    "macro_accuracy": _percent("accuracy, mean over classes"),
    "frame_accuracy": _percent("share of frames closer to the target prompt"),
    "f1": _percent("token F1"),
    "micro_f1": _percent("micro-averaged F1 of labels"),
    "macro_f1": _percent("macro-averaged F1 of labels"),
    "exact_match": _percent("exact match"),
    "delta1": _percent("share of pixels whose depth is within a factor of 1.25"),
    "auc": _percent("area under the ROC curve"),
    "mrr": _percent("mean reciprocal rank"),
    "vqa_accuracy": _percent("accuracy by ten annotators"),
    "recall_at_1": _percent("recall at 1"),
    "recall_at_5": _percent("recall at 5"),
    "recall_at_10": _percent("recall at 10"),
    "recall_at_50": _percent("recall at 50 (scene graphs)"),
    "success_rate": _percent("success rate"),
    "single_object_success_rate": _percent("success rate, one object"),
    "multi_object_success_rate": _percent("success rate, several objects"),
    # text
    "bleu1": _percent("BLEU-1"),
    "bleu2": _percent("BLEU-2"),
    "bleu3": _percent("BLEU-3"),
    "bleu4": _percent("BLEU-4"),
    "rouge1": _percent("ROUGE-1"),
    "rouge2": _percent("ROUGE-2"),
    "rouge_l": _percent("ROUGE-L"),
    "rouge_l_coco": _percent("ROUGE-L as captioning computes it"),
    "meteor": _percent("METEOR"),
    "meteor_15": _percent("METEOR 1.5"),
    # Consensus of n-grams with ten-fold scale: 100 is no ceiling.
    "cider": _percent("CIDEr", high=1000.0),
    "anls": _percent("ANLS"),
    "codebleu": _percent("CodeBLEU"),
    "gpt_score": _percent("rating by a language model"),
    # A transcript with many insertions has more errors than the reference has words.
    "wer": MetricRow("lower", "percent", 0.0, inf, "word error rate"),
    "cer": MetricRow("lower", "percent", 0.0, inf, "character error rate"),
    # detection, segmentation, tracking
    "ap": _percent("average precision"),
    "ap10": _percent("average precision at IoU 0.10"),
    "ap50": _percent("average precision at IoU 0.50"),
    "ap75": _percent("average precision at IoU 0.75"),
    "map": _percent("mean average precision"),
    "map50": _percent("mean average precision at IoU 0.50"),
    "miou": _percent("mean IoU"),
    "instance_miou": _percent("mean IoU over instances"),
    "m_viou": _percent("mean IoU over frames"),
    "dice": _percent("Dice"),
    "pq": _percent("panoptic quality"),
    "s_measure": _percent("structure measure"),
    "success_auc": _percent("area under the tracking success curve"),
    "amota": _percent("average multi-object tracking accuracy"),
    # errors without bound
    "mae": _error("mean absolute error"),
    "mse": _error("mean squared error"),
    "rmse": _error("root mean squared error"),
    "rms": _error("root mean square of the depth error"),
    "sad": _error("sum of absolute differences"),
    "abs_rel": _error("absolute relative depth error"),
    "epe": _error("end-point error"),
    "rte": _error("relative translation error"),
    "mcd": _error("mel-cepstral distortion"),
    "chamfer_distance": _error("Chamfer distance"),
    "fid": _error("Fréchet inception distance"),
    "fvd": _error("Fréchet video distance"),
    "fad": _error("Fréchet audio distance"),
    # signals and pictures
    "psnr": MetricRow("higher", "raw", 0.0, inf, "peak signal-to-noise ratio"),
    "si_sdr": MetricRow("higher", "raw", -inf, inf, "scale-invariant signal-to-distortion ratio"),
    "ssim": MetricRow("higher", "fraction", -1.0, 1.0, "SSIM"),
    "ms_ssim": MetricRow("higher", "fraction", -1.0, 1.0, "MS-SSIM"),
    "lpips": MetricRow("lower", "fraction", 0.0, inf, "LPIPS"),
    "musiq": _percent("MUSIQ"),
    "aesthetic_score": _percent("aesthetic score"),
    "dino_score": _percent("DINO similarity of frames", low=-100.0),
    "temporal_l1_consistency": _percent("likeness of neighbouring frames"),
    "dynamic_degree": _percent("share of videos that move"),
    "i2v_composite": _percent("mean of four image-to-video scores"),
    # similarities in an embedding, cosine
    "clip_score": _percent("CLIP similarity", low=-100.0),
    "clip_image_score": _percent("CLIP similarity of images", low=-100.0),
    "clip_style": _percent("CLIP similarity of style", low=-100.0),
    "clap_score": _percent("CLAP similarity", low=-100.0),
    "style_clap": _percent("CLAP similarity of style", low=-100.0),
    # music and people
    "e_acc": _percent("E-Acc"),
    "pcc": _percent("PCC", low=-100.0),
    "user_preference_rate": _percent("share of people who prefer it"),
    "mos": MetricRow("higher", "raw", 1.0, 5.0, "mean opinion score"),
    "rendered_clip_score": _percent("CLIP similarity of rendered views"),
    "chroma_similarity": _percent("likeness of pitch classes"),
    "motion_fid": _error("Fréchet distance of motions"),
    "predicted_mos": MetricRow("higher", "raw", 1.0, 5.0, "mean opinion score that a network predicts"),
    "dnsmos": MetricRow("higher", "raw", 1.0, 5.0, "mean opinion score of speech in noise that a network predicts"),
    # learned metrics beyond those of the editions
    "kid": MetricRow("lower", "fraction", 0.0, inf, "kernel inception distance"),
    "inception_score": MetricRow("higher", "raw", 1.0, 1008.0, "Inception score"),
    "fid_precision": _percent("precision of made pictures"),
    "fid_recall": _percent("recall of made pictures"),
    "dists": MetricRow("lower", "fraction", 0.0, 1.0, "DISTS"),
    "background_consistency": _percent("likeness of a video's frames to CLIP"),
    "subject_consistency": _percent("likeness of a video's frames to DINO"),
    "motion_smoothness": _percent("motion smoothness"),
    "niqe": _error("NIQE"),
    "brisque": MetricRow("lower", "percent", 0.0, 100.0, "BRISQUE"),
    # for catalogs of your own
    "aupro": _percent("AUPRO"),
    "average_precision": _percent("AP of scores"),
    "bert_score": _percent("BERTScore", low=-100),
    "boundary_f": _percent("F"),
    "delta2": _percent("δ < 1.25²"),
    "delta3": _percent("δ < 1.25³"),
    "e_measure": _percent("E-measure (mean)"),
    "f_measure": _percent("F-measure (max)"),
    "f_score": _percent("F-score at d"),
    "grad": _error("Grad"),
    "grounding_accuracy": _percent("Acc@IoU"),
    "hota": _percent("HOTA"),
    "idf1": _percent("IDF1"),
    "j_and_f": _percent("J&F"),
    "log10": _error("log10"),
    "mota": _percent("MOTA", low=-inf),
    "precision_20px": _percent("Precision at 20 px"),
    "recall_at_100": _percent("R@100"),
    "recall_at_20": _percent("R@20"),
    "region_j": _percent("J"),
    "rms_log": _error("RMS log"),
    "silog": _error("SILog"),
    "spice": _percent("SPICE"),
    "sq_rel": _error("SqRel"),
    "teds": _percent("TEDS"),
    "teds_struct": _percent("TEDS-Struct"),
    "temporal_iou": _percent("mIoU in time"),
    "temporal_recall": _percent("R@1, IoU=0.5"),
    "viou_30": _percent("vIoU@0.3"),
    "viou_50": _percent("vIoU@0.5"),
    "weighted_f_measure": _percent("weighted F-measure"),
    "angular_error": MetricRow("lower", "raw", 0.0, 180.0, "angular error in degrees"),
    "ate": _error("absolute trajectory error"),
    "emd": _error("earth mover's distance"),
    "fl_all": MetricRow("lower", "percent", 0.0, 100.0, "share of flow outliers"),
    "matting_mse": _error("mean squared error of mattes"),
    "mask_iou": _percent("IoU of one mask a sample"),
    "mel_distance": _error("mel distance"),
    "normal_consistency": _percent("normal consistency"),
    "pesq": MetricRow("higher", "raw", 1.0, 4.65, "PESQ"),
    "rre": _error("relative rotation error in degrees"),
    "stoi": _percent("STOI"),
}


def score_range(metric: str, scale: Scale) -> tuple[float, float]:
    """The range of a score of ``metric`` that is printed in ``scale``; without bounds for a metric not in the table."""
    row = METRICS_TABLE.get(metric)
    if row is None:
        return -inf, inf
    if row.scale == scale:
        return row.low, row.high
    if {row.scale, scale} == {"percent", "fraction"}:
        factor = 100.0 if scale == "percent" else 0.01
        return row.low * factor, row.high * factor
    return -inf, inf
