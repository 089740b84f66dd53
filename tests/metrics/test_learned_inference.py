"""Networks of metrics run with all digits of float32 on a GPU, and what torch was told before holds again afterwards."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from genlevel import metrics
from genlevel.metrics.learned.batches import run_batches
from genlevel.metrics.learned.inference import inference
from tests.parity.tiny_models import write_clip

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def by_default():
    assert torch.backends.cudnn.allow_tf32  # torch's own default, which cuts digits off
    yield
    assert torch.backends.cudnn.allow_tf32


def settings(*_):
    return torch.backends.cudnn.allow_tf32, torch.is_inference_mode_enabled()


def test_run_batches_is_exact_and_puts_the_setting_back_after_an_error():
    seen = []

    def network(pictures):
        seen.append(settings())
        if len(seen) > 1:
            raise ValueError
        return pictures.float().mean((2, 3))

    picture = np.full((4, 5, 3), 7, np.uint8)
    assert (run_batches([picture], network, device="cpu", width=3) == 7).all()
    with pytest.raises(ValueError):
        run_batches([picture], network, device="cpu", width=3)
    assert seen == [(False, True)] * 2 and settings() == (True, False)


def test_every_layer_of_a_metrics_network_is_exact(tmp_path):
    pytest.importorskip("transformers")
    folder, seen = write_clip(tmp_path), set()
    hook = torch.nn.modules.module.register_module_forward_pre_hook(lambda *_: seen.add(settings()))
    try:
        metrics.compute("clip_score", [np.zeros((40, 40, 3), np.uint8)], ["a cat"], weights=str(folder))
    finally:
        hook.remove()
    assert seen == {(False, True)}


def test_the_first_of_two_threads_to_end_does_not_change_what_the_other_does():
    entered, may_end, seen = threading.Event(), threading.Event(), []

    @inference()
    def long():
        entered.set()
        may_end.wait(10)
        seen.append(settings())

    thread = threading.Thread(target=long)
    thread.start()
    assert entered.wait(10)
    with inference():
        seen.append(settings())
    assert settings() == (False, False)  # the other is still at work
    may_end.set()
    thread.join(10)
    assert seen == [(False, True)] * 2 and settings() == (True, False)


def test_what_a_user_has_set_is_put_back():
    torch.backends.cudnn.allow_tf32 = False
    try:
        with inference():
            pass
        assert not torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cudnn.allow_tf32 = True


def test_the_newer_flags_of_a_user_are_put_back_each():
    code = """
import torch
from genlevel.metrics.learned.inference import inference
cudnn = torch.backends.cudnn
if hasattr(cudnn, "conv"):
    flags = lambda: (cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision)
    cudnn.conv.fp32_precision = "ieee"
    with inference():
        assert flags() == ("ieee", "ieee"), flags()
    assert flags() == ("ieee", "tf32"), flags()
"""
    # In a process of its own: once they are set, torch refuses to read the older flag for good.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
