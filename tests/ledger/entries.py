"""Records of every kind, for tables and for Hypothesis."""

from hypothesis import strategies as st

from decom.dialnexa.replies import Proof
from decom.ledger.records import (
    Attempt,
    Ended,
    Intent,
    Look,
    NotChecked,
    Record,
    Reported,
    Settled,
    Started,
    Verified,
)
from decom.vocabulary import Evidence, Outcome, Stopped

RUN = "20261123T185757Z-0a1b2c"
AT = "2026-11-23T18:57:57.120Z"

texts = st.text(st.characters(codec=None), max_size=20).filter(
    # Two halves of a pair, one after the other, are one character for JSON.
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
names = st.text(max_size=20)
"""What stands in a column of the ledger's own: the client lets no half surrogate pairs in."""
counts = st.integers(0, 10**6)

started = st.builds(Started, texts, counts, texts, st.none() | texts)
intents = st.builds(Intent, names, counts)
attempts = st.builds(
    Attempt, names, counts, st.sampled_from(Proof), st.none() | st.integers(100, 999), texts, st.just(AT)
)
looks = st.builds(Look, names, st.none() | st.booleans(), st.floats(0, 1e9), texts, st.booleans())
settled = st.builds(
    Settled,
    names,
    st.none() | names,
    st.sampled_from(Outcome),
    texts,
    texts,
    st.lists(st.tuples(texts, texts, texts, texts), max_size=3).map(tuple),
)
ended = st.builds(Ended, st.none() | st.sampled_from(Stopped), texts)
verified = st.builds(Verified, st.lists(texts, max_size=3).map(tuple))
reported = st.builds(Reported, texts)
not_checked = st.builds(NotChecked, st.lists(st.tuples(texts, texts), max_size=3).map(tuple))

records: st.SearchStrategy[Record] = st.one_of(
    started, intents, attempts, looks, settled, ended, verified, reported, not_checked
)


def attempt(number: int, proof: Proof = Proof.APPLIED, number_id: str = "phn_1", message: str = "") -> Attempt:
    return Attempt(number_id, number, proof, 200, message, AT)


def released(number_id: str = "phn_1", phone_number: str | None = "+14155550101") -> Settled:
    return outcome(Outcome.RELEASED, number_id, phone_number)


def outcome(what: Outcome, number_id: str = "phn_1", phone_number: str | None = "+14155550101") -> Settled:
    return Settled(number_id, phone_number, what, Evidence.ANSWERED_2XX, "because")
