"""Batches of unknown size: nothing lost, order kept, sizes remembered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel.errors import ModelError, RequestFailed
from genlevel.models.batching import BatchSizes, answer_in_batches, is_out_of_memory
from genlevel.records import Part, Reply, Request


def ask(text: str, task_type: str = "question-answering") -> Request:
    return Request("t", text, task_type, (Part("text", text),))


class Fake:
    """Answers each request with its own text and runs out of memory above ``room`` requests."""

    def __init__(self, room: int, error: type[Exception] = RuntimeError) -> None:
        self.room, self.error = room, error
        self.batches: list[list[str]] = []
        self.answered: list[str] = []

    def __call__(self, requests):
        self.batches.append([r.sample_id for r in requests])
        if len(requests) > self.room:
            raise self.error("CUDA out of memory. Tried to allocate 2.00 GiB")
        self.answered += [r.sample_id for r in requests]
        return [Reply((Part("text", r.parts[0].text.upper()),)) for r in requests]


@given(
    st.lists(st.tuples(st.text("ab", max_size=5), st.sampled_from("xyz")), max_size=40),
    st.integers(1, 20),
    st.integers(1, 8),
    st.integers(1, 64),
)
def test_each_request_is_answered_once_and_in_order(items, room, start, most):
    requests = [ask(f"{text}{i}", kind) for i, (text, kind) in enumerate(items)]
    fake = Fake(room)
    freed = []
    answers = answer_in_batches(requests, fake, BatchSizes(start, most), free=lambda: freed.append(1))
    assert [a.parts[0].text for a in answers] == [r.sample_id.upper() for r in requests]
    assert sorted(fake.answered) == sorted(r.sample_id for r in requests)
    assert len(freed) == sum(len(batch) > room for batch in fake.batches)
    kinds = {r.sample_id: r.task_type for r in requests}
    assert all(len({kinds[i] for i in batch}) == 1 for batch in fake.batches)


def test_sizes_double_until_memory_ends_and_are_remembered():
    fake, sizes = Fake(room=10), BatchSizes(start=2, most=64)
    answer_in_batches([ask(f"{i:03}") for i in range(50)], fake, sizes)
    assert [len(b) for b in fake.batches] == [2, 4, 8, 16, 8, 8, 8, 8, 4]
    del fake.batches[:]
    answer_in_batches([ask(f"{i:03}") for i in range(20)], fake, sizes)
    assert [len(b) for b in fake.batches] == [8, 8, 4]
    del fake.batches[:]
    answer_in_batches([ask(f"{i:03}", "dialogue") for i in range(9)], fake, sizes)
    assert [len(b) for b in fake.batches] == [2, 4, 3], "another kind begins anew"


def test_growth_ends_at_the_most():
    fake = Fake(room=99)
    answer_in_batches([ask(f"{i:03}") for i in range(40)], fake, BatchSizes(start=4, most=12))
    assert [len(b) for b in fake.batches] == [4, 8, 12, 12, 4]


def test_a_fixed_size_is_never_raised_and_still_halved():
    fake = Fake(room=3)
    answer_in_batches([ask(str(i)) for i in range(8)], fake, BatchSizes(fixed=8))
    assert [len(b) for b in fake.batches] == [8, 4, 2, 2, 2, 2]


def test_the_heaviest_come_first():
    fake = Fake(room=99)
    answer_in_batches([ask("a" * n) for n in (3, 1, 5, 2, 4)], fake, BatchSizes(fixed=2))
    assert [[len(i) for i in b] for b in fake.batches] == [[5, 4], [3, 2], [1]]


def test_a_request_too_large_alone_fails_alone():
    def answer(requests):
        if any(len(r.sample_id) > 3 for r in requests):
            raise MemoryError
        return [Reply((Part("text", r.sample_id),)) for r in requests]

    small, large = answer_in_batches([ask("a"), ask("aaaaa")], answer, BatchSizes(fixed=2))
    assert isinstance(large, RequestFailed) and "does not fit into memory" in str(large)
    assert small.parts[0].text == "a"


def test_a_bad_request_fails_alone_and_a_model_error_ends_all():
    def answer(requests):
        if any(r.sample_id == "bad" for r in requests):
            raise ValueError("no such\ntoken")
        return [Reply((Part("text", r.sample_id),)) for r in requests]

    answers = answer_in_batches([ask("a"), ask("bad"), ask("c")], answer, BatchSizes(fixed=3))
    assert [str(a) if isinstance(a, RequestFailed) else a.parts[0].text for a in answers] == [
        "a", "ValueError: no such token", "c",
    ]  # fmt: skip

    def refuse(requests):
        raise ModelError("no weights")

    with pytest.raises(ModelError):
        answer_in_batches([ask("a")], refuse, BatchSizes())


def test_what_counts_as_out_of_memory():
    torch = pytest.importorskip("torch")
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**55, dtype=torch.uint8)
    assert is_out_of_memory(raised.value)
