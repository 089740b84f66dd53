"""Names of the classes of the classification sets, in the order of their numbers."""

from __future__ import annotations

from typing import Final

AG_NEWS: Final = ("World", "Sports", "Business", "Sci/Tech")
CONLL_2003: Final = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
DBPEDIA: Final = (
    "Company", "EducationalInstitution", "Artist", "Athlete", "OfficeHolder", "MeanOfTransportation", "Building",
    "NaturalPlace", "Village", "Animal", "Plant", "Album", "Film", "WrittenWork",
)  # fmt: skip
NEWSGROUPS: Final = (
    "alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware",
    "comp.windows.x", "misc.forsale", "rec.autos", "rec.motorcycles", "rec.sport.baseball", "rec.sport.hockey", "sci.crypt",
    "sci.electronics", "sci.med", "sci.space", "soc.religion.christian", "talk.politics.guns", "talk.politics.mideast",
    "talk.politics.misc", "talk.religion.misc",
)  # fmt: skip
QUORA: Final = {"0": "not duplicate", "1": "duplicate"}
_RELATIONS: Final = (
    "Cause-Effect", "Component-Whole", "Content-Container", "Entity-Destination", "Entity-Origin", "Instrument-Agency",
    "Member-Collection", "Message-Topic", "Product-Producer",
)  # fmt: skip
SEMEVAL_2010: Final = (*(f"{name}({order})" for name in _RELATIONS for order in ("e1,e2", "e2,e1")), "Other")
SENTIMENT: Final = {"0": "negative", "1": "positive"}
SNIPS: Final = (
    "AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook", "SearchCreativeWork", "SearchScreeningEvent",
)  # fmt: skip
SNLI: Final = ("entailment", "neutral", "contradiction")
TREC: Final = {
    "ABBR": "abbreviation",
    "ENTY": "entity",
    "DESC": "description",
    "HUM": "human being",
    "LOC": "location",
    "NUM": "numeric value",
}
YELP: Final = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
