"""The 30 language sets: files in their publishers' shape, and what each sample's right answer is, written by hand.

Texts are made up; the shape (names of files, keys, columns, marks) is the publisher's.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

L = "language."


class TextCase(NamedTuple):
    task: str
    folder: str
    files: dict[str, Any]
    """Path: text, bytes, or a list of rows (Parquet)."""
    references: list[Any]
    """The reference of each sample in order, as the task type gives it."""

    def make(self, folder: Path) -> None:
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, list):
                pq.write_table(pa.Table.from_pylist(content), path)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())


def js(value: Any) -> str:
    return json.dumps(value)


def jsonl(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


SHARD = "-00000-of-00001.parquet"

NEWS_GROUPS = [
    *("alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware"),
    *("comp.windows.x", "misc.forsale", "rec.autos", "rec.motorcycles", "rec.sport.baseball", "rec.sport.hockey"),
    *("sci.crypt", "sci.electronics", "sci.med", "sci.space", "soc.religion.christian", "talk.politics.guns"),
    *("talk.politics.mideast", "talk.politics.misc", "talk.religion.misc"),
]

DOCRED = [
    {
        "title": "Kungliga",
        "sents": [["Kungliga", "Hovkapellet", "is", "in", "Sweden", "."], ["It", "plays", "."]],
        "vertexSet": [
            [
                {"name": "Kungliga Hovkapellet", "pos": [0, 2], "sent_id": 0, "type": "ORG"},
                {"name": "It", "pos": [0, 1], "sent_id": 1, "type": "ORG"},
            ],
            [{"name": "Sweden", "pos": [4, 5], "sent_id": 0, "type": "LOC"}],
        ],
        "labels": [{"r": "P17", "h": 0, "t": 1, "evidence": [0]}],
    }
]
DIALOGUE = [
    [
        ["Speaker 1: Hi, Monica's here.", "Speaker 2: My sister!"],
        [
            {
                "x": "Speaker 2",
                "y": "Monica",
                "x_type": "PER",
                "y_type": "PER",
                "r": ["per:siblings"],
                "rid": [15],
                "t": [""],
            },
            {"x": "Monica", "y": "Speaker 1", "r": ["unanswerable"], "rid": [37], "t": [""]},
        ],
    ]
]
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Normans",
            "paragraphs": [
                {
                    "context": "The Normans came from Normandy, in France.",
                    "qas": [
                        {
                            "id": "q1",
                            "question": "Where is Normandy?",
                            "is_impossible": False,
                            "answers": [
                                {"text": "France", "answer_start": 35},
                                {"text": "in France", "answer_start": 32},
                            ],
                        },
                        {
                            "id": "q2",
                            "question": "Who rules there?",
                            "is_impossible": True,
                            "answers": [],
                            "plausible_answers": [{"text": "Normans", "answer_start": 4}],
                        },
                    ],
                }
            ],
        }
    ],
}
HOTPOT = [
    {
        "_id": "5a8b",
        "answer": "yes",
        "question": "Were both of one country?",
        "type": "comparison",
        "level": "hard",
        "supporting_facts": [["Scott", 0]],
        "context": [["Scott", ["Scott is American.", " He directs."]], ["Ed Wood", ["Wood was American."]]],
    }
]
COQA = {
    "version": "1.0",
    "data": [
        {
            "id": "3dr2",
            "source": "wikipedia",
            "story": "Cotton was a white kitten. She lived in a barn.",
            "questions": [
                {"input_text": "What color was Cotton?", "turn_id": 1},
                {"input_text": "Where did she live?", "turn_id": 2},
            ],
            "answers": [
                {"span_start": 13, "span_end": 18, "span_text": "white", "input_text": "white", "turn_id": 1},
                {"span_start": 40, "span_end": 46, "span_text": "a barn", "input_text": "in a barn", "turn_id": 2},
            ],
            "additional_answers": {
                "0": [{"input_text": "white", "turn_id": 1}, {"input_text": "a barn", "turn_id": 2}],
                "1": [{"input_text": "White.", "turn_id": 1}, {"input_text": "the barn", "turn_id": 2}],
            },
        }
    ],
}
_STORY = "A storm hit the coast on Monday. Nobody was hurt."
NEWSQA = {
    "data": [
        {
            "storyId": "./cnn/stories/a.story",
            "type": "test",
            "text": _STORY,
            "questions": [
                {"q": "When did the storm hit?", "consensus": {"s": 25, "e": 31}},
                {"q": "How many died?", "consensus": {"noAnswer": True}},
                {"q": "asdf?", "consensus": {"badQuestion": True}},
            ],
        },
        {"storyId": "b", "type": "train", "text": _STORY, "questions": [{"q": "x?", "consensus": {"s": 0, "e": 1}}]},
    ]
}
RACE = {
    "id": "middle1.txt",
    "article": "Tom has a red kite and a blue one.",
    "questions": ["How many kites?", "Which colour is not there?"],
    "options": [["one", "two", "three", "four"], ["red", "blue", "green", "none"]],
    "answers": ["B", "C"],
}
RECORD = {
    "version": "1.0",
    "data": [
        {
            "id": "r",
            "passage": {"text": "Ann met Bo.\n@highlight\nThey talked", "entities": [{"start": 0, "end": 2}]},
            "qas": [
                {
                    "id": "r-0",
                    "query": "It was @placeholder who met Bo",
                    "answers": [{"start": 0, "end": 2, "text": "Ann"}, {"start": 0, "end": 2, "text": "Ann"}],
                }
            ],
        }
    ],
}
MARCO = {
    "query_id": {"0": 19, "1": 20},
    "query": {"0": "what is rba", "1": "who is it"},
    "passages": {
        "0": [{"is_selected": 1, "passage_text": "The RBA is a bank.", "url": "u"}],
        "1": [{"is_selected": 0, "passage_text": "Nothing.", "url": "v"}],
    },
    "answers": {"0": ["a bank", "A bank."], "1": ["No Answer Present."]},
}
MULTIRC_QUESTION = {
    "question": "What did she buy?",
    "answers": [
        {"text": "milk", "isAnswer": True},
        {"text": "tea", "isAnswer": False},
        {"text": "bread", "isAnswer": True},
    ],
}
APF = """<?xml version="1.0"?>
<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">
<source_file URI="A.sgm"><document DOCID="A">
<event ID="E1" TYPE="Conflict" SUBTYPE="Attack"><event_mention ID="E1-1"><extent><charseq START="1" END="9">x</charseq></extent>
<anchor><charseq START="9" END="15">bombing</charseq></anchor></event_mention></event>
</document></source_file>"""
REVIEWS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<sentences>
 <sentence id="32897564#894393#2"><text>The bread is top notch &amp; cheap.</text>
  <aspectTerms><aspectTerm term="bread" polarity="positive" from="4" to="9"/></aspectTerms></sentence>
 <sentence id="s2"><text>We came at eight.</text></sentence>
</sentences>"""
CONLL = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O

# NN I-NP O
2 CD I-NP O
"""
TREC = "NUM:dist How far is it from Denver ?\nLOC:city What county is Modesto in ?\nENTY:food What is cr\xe8me ?\n"
GLUE_PAIRS = """id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate
7\t1\t2\tWhat is "a?\tWhat's a?\t1
8\t3\t4\tWho?\tWhy?\t0
"""
QUORA_PAIRS = """"id"\t"qid1"\t"qid2"\t"question1"\t"question2"\t"is_duplicate"
"0"\t"1"\t"2"\t"What
is it?"\t"What?"\t"0"
"""
SGM = "<DOC><DOCID> A </DOCID><BODY><TEXT>The bombing was &amp; is\nbad.</TEXT></BODY></DOC>"
NEWS_HEADER = "id,news_url,title,tweet_ids\n"
ONTO = """#begin document (bn/abc/00/abc_0001); part 000
bn/abc/00/abc_0001 0 0 Barack NNP (TOP(S(NP* - - - - (PERSON* * -
bn/abc/00/abc_0001 0 1 Obama NNP *) - - - - *) * -
bn/abc/00/abc_0001 0 2 visited VBD (VP* visit 01 1 - * (V*) -
bn/abc/00/abc_0001 0 3 Paris NNP (NP*))) - - - - (GPE) * -

#end document
"""
UPB_ROWS = [
    "# sent_id = 1",
    "# text = Ann gave books",
    "1\tAnn\tAnn\tPROPN\tNNP\t_\t2\tnsubj\t_\t_\t_\tA0",
    "2\tgave\tgive\tVERB\tVBD\t_\t0\troot\t_\t_\tgive.01\t_",
    "3\tbooks\tbook\tNOUN\tNNS\t_\t2\tobj\t_\t_\t_\tA1",
    "",
]
M2 = """S This are a sentence .
A 1 2|||SVA|||is|||REQUIRED|||-NONE-|||0
A 2 3|||ArtOrDet|||-NONE-|||REQUIRED|||-NONE-|||1

S It is fine .
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0
"""
SEMEVAL = (
    '8001\t"The most common <e1>audits</e1> were about <e2>waste</e2> and recycling."\nMessage-Topic(e1,e2)\nComment: \n\n'
    '8002\t"The <e1>company</e1> fabricates plastic <e2>chairs</e2>."\nProduct-Producer(e2,e1)\nComment: None\n\n'
)
INTENTS = [
    "AddToPlaylist",
    "BookRestaurant",
    "GetWeather",
    "PlayMusic",
    "RateBook",
    "SearchCreativeWork",
    "SearchScreeningEvent",
]
STORY = "A man won a prize.\n\nHe was glad.\n\n@highlight\n\nMan wins prize\n\n@highlight\n\nHe is glad\n"
URL = "http://web.archive.org/web/2015/http://cnn.com/a"
SHA = hashlib.sha1(URL.encode()).hexdigest()


def entities(*labels: str) -> list[str]:
    return [label.casefold() for label in labels]


CASES = [
    TextCase(
        L + "20-newsgroups",
        "20news-bydate",
        {
            f"20news-bydate-test/{g}/{53000 + i}": b"From: a@b\nSubject: x\n\nna\xefve " + g.encode()
            for i, g in enumerate(NEWS_GROUPS)
        },
        list(NEWS_GROUPS),
    ),
    TextCase(
        L + "20-newsgroups",
        "20-newsgroups",
        {f"default/test/0000.parquet": [{"text": "about cars", "label": 7, "label_text": "rec.autos"}]},  # noqa: F541
        ["rec.autos"],
    ),
    TextCase(
        L + "ag-news",
        "ag_news_csv",
        {
            "test.csv": '"3","Fears for ""T N"" pension","Unions\\\\nsay, no."\n"4","Rocket","To\\space."\n',
            "classes.txt": "World\n",
        },
        ["Business", "Sci/Tech"],
    ),
    TextCase(
        L + "ag-news",
        "AG News",
        {f"data/test{SHARD}": [{"text": "Goal!", "label": 1}, {"text": "Vote", "label": 0}]},
        ["Sports", "World"],
    ),
    TextCase(
        L + "imdb",
        "aclImdb",
        {"test/neg/0_2.txt": "Bad.", "test/pos/0_10.txt": "Good<br />film.", "test/urls_neg.txt": "http://x"},
        ["negative", "positive"],
    ),
    TextCase(L + "imdb", "imdb", {f"plain_text/test{SHARD}": [{"text": "Good", "label": 1}]}, ["positive"]),
    TextCase(
        L + "sst",
        "SST-2",
        {"dev.tsv": "sentence\tlabel\nit 's a \"charming journey\t1\nunflinchingly bleak\t0\n"},
        ["positive", "negative"],
    ),
    TextCase(
        L + "sst",
        "sst",
        {
            f"data/validation{SHARD}": [{"idx": 0, "sentence": "fine", "label": 1}],
            f"data/test{SHARD}": [{"sentence": "x", "label": -1}],
        },
        ["positive"],
    ),
    TextCase(
        L + "yelp",
        "yelp_review_full_csv",
        {"test.csv": '"1","I got ""new"" tires.\\nSlow."\n"5","Great"\n'},
        ["1 star", "5 stars"],
    ),
    TextCase(L + "yelp", "yelp", {f"yelp_review_full/test{SHARD}": [{"label": 4, "text": "Great"}]}, ["5 stars"]),
    TextCase(
        L + "trec",
        "TREC",
        {"TREC_10.label": TREC.encode("latin-1")},
        ["numeric value", "location", "entity"],
    ),
    TextCase(
        L + "trec",
        "trec",
        {"default/test/0000.parquet": [{"text": "How far ?", "coarse_label": 5, "fine_label": 40}]},
        ["numeric value"],
    ),
    TextCase(
        L + "dbpedia",
        "dbpedia_csv",
        {"test.csv": '1,"TY KU"," TY KU is a company."\n14,"A Book","A novel."\n'},
        ["Company", "WrittenWork"],
    ),
    TextCase(
        L + "dbpedia",
        "DBpedia",
        {f"dbpedia_14/test{SHARD}": [{"label": 11, "title": "Album", "content": " An album."}]},
        ["Album"],
    ),
    TextCase(
        L + "fakenewsnet",
        "FakeNewsNet",
        {
            f"dataset/{site}_{kind}.csv": NEWS_HEADER
            + f'{site}{kind},http://x,"A {kind}, headline",{"1" * 18}\t{"2" * 200_000}\n'
            for site in ("politifact", "gossipcop")
            for kind in ("real", "fake")
        },
        ["real", "fake", "real", "fake"],
    ),
    TextCase(
        L + "snli",
        "snli_1.0",
        {
            "snli_1.0_test.jsonl": jsonl(
                {"gold_label": "neutral", "sentence1": "A man walks.", "sentence2": "He is tall.", "pairID": "1#1"},
                {"gold_label": "-", "sentence1": "A man walks.", "sentence2": "He sings.", "pairID": "1#2"},
                {
                    "gold_label": "contradiction",
                    "sentence1": "A man walks.",
                    "sentence2": "He sleeps.",
                    "pairID": "1#3",
                },
            )
        },
        ["neutral", "contradiction"],
    ),
    TextCase(
        L + "snli",
        "snli",
        {
            f"plain_text/test{SHARD}": [
                {"premise": "a", "hypothesis": "b", "label": 0},
                {"premise": "a", "hypothesis": "c", "label": -1},
            ]
        },
        ["entailment"],
    ),
    TextCase(
        L + "quora",
        "QQP",
        {"dev.tsv": GLUE_PAIRS},
        ["duplicate", "not duplicate"],
    ),
    TextCase(
        L + "quora",
        "quora",
        {"quora_duplicate_questions.tsv": QUORA_PAIRS},
        ["not duplicate"],
    ),
    TextCase(
        L + "quora",
        "Quora",
        {
            f"qqp/validation{SHARD}": [{"question1": "a", "question2": "b", "label": 1, "idx": 0}],
            f"sst2/validation{SHARD}": [{"x": 1}],
        },
        ["duplicate"],
    ),
    TextCase(
        L + "ner",
        "NER",
        {"test.txt": "Ann\tB-PER\nLee\tI-PER\nran\tO\n\n#tag\tO\nOslo\tB-LOC\n"},
        [entities("Ann Lee (PER)"), entities("Oslo (LOC)")],
    ),
    TextCase(L + "conll-2003", "conll03", {"eng.testb": CONLL}, [entities("EU (ORG)", "German (MISC)"), []]),
    TextCase(
        L + "conll-2003",
        "conll2003",
        {
            "conll2003/test/0000.parquet": [
                {
                    "id": "0",
                    "tokens": ["SOCCER", "Japan", "Nadim", "Ladki"],
                    "pos_tags": [0] * 4,
                    "ner_tags": [0, 5, 1, 2],
                }
            ]
        },
        [entities("Japan (LOC)", "Nadim Ladki (PER)")],
    ),
    TextCase(
        L + "ontonotes-5-0",
        "conll-2012",
        {"v4/data/test/data/english/annotations/bn/abc/00/abc_0001.v4_gold_conll": ONTO},
        [entities("Barack Obama (PERSON)", "Paris (GPE)")],
    ),
    TextCase(
        L + "semeval-2010-task-8",
        "SemEval2010_task8_all_data",
        {"SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT": SEMEVAL},
        ["Message-Topic(e1,e2)", "Product-Producer(e2,e1)"],
    ),
    TextCase(
        L + "semeval-2010-task-8",
        "semeval-2010-task-8",
        {f"data/test{SHARD}": [{"sentence": "<e1>a</e1> <e2>b</e2>", "relation": 18}]},
        ["Other"],
    ),
    TextCase(
        L + "docred",
        "DocRED",
        {"dev.json": js(DOCRED), "rel_info.json": js({"P17": "country", "P6": "head of government"})},
        [entities("(Kungliga Hovkapellet, country, Sweden)")],
    ),
    TextCase(
        L + "docred",
        "docred",
        {
            "default/validation/0000.parquet": [
                {
                    **DOCRED[0],
                    "labels": {
                        "head": [0],
                        "tail": [1],
                        "relation_id": ["P17"],
                        "relation_text": ["country"],
                        "evidence": [[0]],
                    },
                }
            ]
        },
        [entities("(Kungliga Hovkapellet, country, Sweden)")],
    ),
    TextCase(
        L + "dialogre", "DialogRE", {"data/test.json": js(DIALOGUE)}, [entities("(Speaker 2, per:siblings, Monica)")]
    ),
    TextCase(
        L + "dialogre",
        "dialogre",
        {
            "dialog_re/test/0000.parquet": [
                {
                    "dialog": DIALOGUE[0][0],
                    "relation_data": {"x": ["Speaker 2"], "y": ["Monica"], "r": [["per:siblings"]]},
                }
            ]
        },
        [entities("(Speaker 2, per:siblings, Monica)")],
    ),
    TextCase(
        L + "ace-2005",
        "ace_2005_td_v7",
        {
            "data/English/nw/timex2norm/A.apf.xml": APF,
            "data/English/nw/timex2norm/A.sgm": SGM,
            "data/English/nw/adj/A.apf.xml": APF,
        },
        [entities("bombing (Conflict:Attack)")],
    ),
    TextCase(
        L + "semeval-14", "SemEval 14", {"Restaurants_Test_Gold.xml": REVIEWS}, [entities("(bread, positive)"), []]
    ),
    TextCase(
        L + "conll-2014",
        "conll14st-test-data",
        {"noalt/official-2014.combined.m2": M2},
        [["This is a sentence .", "This are sentence ."], "It is fine ."],
    ),
    TextCase(
        L + "snips",
        "nlu-benchmark",
        {
            f"2017-06-custom-intent-engines/{i}/validate_{i}.json": js(
                {i: [{"data": [{"text": "please "}, {"text": i, "entity": "e"}]}]}
            )
            for i in INTENTS
        },
        list(INTENTS),
    ),
    TextCase(
        L + "snips",
        "SNIPS",
        {
            "test/seq.in": "play a song\nrain today\n",
            "test/label": "PlayMusic\nGetWeather\n",
            "test/seq.out": "O O O\nO O\n",
        },
        ["PlayMusic", "GetWeather"],
    ),
    TextCase(
        L + "snips",
        "snips",
        {"data/test-00000-of-00001-30b9.parquet": [{"text": "rain today", "category": "GetWeather"}]},
        ["GetWeather"],
    ),
    TextCase(
        L + "upb",
        "UP_English-EWT",
        {"en_ewt-up-test.conllu": "\n".join(UPB_ROWS) + "\n"},
        [entities("(give.01, A0, Ann)", "(give.01, A1, books)")],
    ),
    TextCase(L + "squad-2-0", "SQuAD2", {"dev-v2.0.json": js(SQUAD)}, [["France", "in France"], "unanswerable"]),
    TextCase(
        L + "squad-2-0",
        "squad_v2",
        {
            f"squad_v2/validation{SHARD}": [
                {
                    "id": "q1",
                    "title": "N",
                    "context": "c",
                    "question": "q",
                    "answers": {"text": ["France"], "answer_start": [3]},
                },
                {
                    "id": "q2",
                    "title": "N",
                    "context": "c",
                    "question": "q",
                    "answers": {"text": [], "answer_start": []},
                },
            ]
        },
        ["France", "unanswerable"],
    ),
    TextCase(L + "hotpotqa", "HotpotQA", {"hotpot_dev_distractor_v1.json": js(HOTPOT)}, ["yes"]),
    TextCase(
        L + "hotpotqa",
        "hotpotqa",
        {
            f"distractor/validation{SHARD}": [
                {
                    "id": "5a8b",
                    "question": "q",
                    "answer": "Ed Wood",
                    "context": {"title": ["A", "B"], "sentences": [["x."], ["y.", " z."]]},
                }
            ]
        },
        ["Ed Wood"],
    ),
    TextCase(
        L + "coqa", "CoQA", {"coqa-dev-v1.0.json": js(COQA)}, [["white", "White."], ["in a barn", "a barn", "the barn"]]
    ),
    TextCase(
        L + "coqa",
        "coqa",
        {
            f"data/validation{SHARD}": [
                {
                    "source": "w",
                    "story": "s",
                    "questions": ["a?", "b?"],
                    "answers": {"input_text": ["1st", "2nd"], "answer_start": [0, 1], "answer_end": [1, 2]},
                }
            ]
        },
        ["1st", "2nd"],
    ),
    TextCase(L + "newsqa", "NewsQA", {"combined-newsqa-data-v1.json": js(NEWSQA)}, ["Monday", "unanswerable"]),
    TextCase(
        L + "race",
        "RACE",
        {"test/middle/1.txt": js(RACE), "test/high/2.txt": js({**RACE, "id": "high2.txt"})},
        ["two", "green"] * 2,
    ),
    TextCase(
        L + "race",
        "race",
        {
            f"{c}/test{SHARD}": [
                {
                    "example_id": "high1.txt",
                    "article": "a",
                    "question": "q",
                    "options": ["w", "x", "y", "z"],
                    "answer": "D",
                }
            ]
            for c in ("all", "high")
        },
        ["z"],
    ),
    TextCase(L + "record", "ReCoRD", {"dev.json": js(RECORD)}, ["Ann"]),
    TextCase(
        L + "record",
        "record",
        {
            "val.jsonl": jsonl(
                {"source": "D", "idx": 3, "passage": RECORD["data"][0]["passage"], "qas": RECORD["data"][0]["qas"]}
            )
        },
        ["Ann"],
    ),
    TextCase(
        L + "record",
        "Record",
        {
            f"record/validation{SHARD}": [
                {"passage": "p", "query": "@placeholder met", "entities": ["Ann"], "answers": ["Ann", "Ann Lee"]}
            ]
        },
        [["Ann", "Ann Lee"]],
    ),
    TextCase(L + "ms-marco", "MS MARCO", {"dev_v2.1.json": js(MARCO)}, [["a bank", "A bank."], "No Answer Present."]),
    TextCase(
        L + "ms-marco",
        "ms_marco",
        {
            f"v2.1/validation{SHARD}": [
                {
                    "answers": ["a bank"],
                    "passages": {"is_selected": [1], "passage_text": ["The RBA."], "url": ["u"]},
                    "query": "q",
                    "query_id": 19,
                }
            ]
        },
        ["a bank"],
    ),
    TextCase(
        L + "multirc",
        "MultiRC",
        {
            "dev_83-fixedIds.json": js(
                {
                    "data": [
                        {
                            "id": "News/a",
                            "paragraph": {"text": "She bought milk and bread.", "questions": [MULTIRC_QUESTION]},
                        }
                    ]
                }
            )
        },
        [["milk", "bread"]],
    ),
    TextCase(
        L + "multirc",
        "multirc",
        {
            "val.jsonl": jsonl(
                {
                    "idx": 0,
                    "version": 1.1,
                    "passage": {
                        "text": "p",
                        "questions": [
                            {
                                "question": "q",
                                "idx": 0,
                                "answers": [{"text": "a", "idx": 0, "label": 0}, {"text": "b", "idx": 1, "label": 1}],
                            }
                        ],
                    },
                }
            )
        },
        ["b"],
    ),
    TextCase(
        L + "multirc",
        "Multirc",
        {
            f"multirc/validation{SHARD}": [
                {
                    "paragraph": "p",
                    "question": q,
                    "answer": a,
                    "label": n,
                    "idx": {"paragraph": 0, "question": i, "answer": j},
                }
                for i, (q, answers) in enumerate((("q1", (("a", 0), ("b", 1), ("c", 1))), ("q2", (("a", 1),))))
                for j, (a, n) in enumerate(answers)
            ]
        },
        [["b", "c"], "a"],
    ),
    TextCase(
        L + "cnn-daily-mail",
        "cnn_dailymail",
        {f"cnn/stories/{SHA}.story": STORY, f"dailymail/stories/{'0' * 40}.story": STORY, "all_test.txt": URL + "\n"},
        ["Man wins prize\nHe is glad"],
    ),
    TextCase(
        L + "cnn-daily-mail",
        "cnn-daily-mail",
        {
            f"3.0.0/test{SHARD}": [{"id": "1", "article": "A man.", "highlights": "Man wins"}],
            f"1.0.0/test{SHARD}": [{"id": "1"}],
        },
        ["Man wins"],
    ),
]
IDS = [f"{case.task.removeprefix(L)}-{next(iter(case.files)).rpartition('.')[2]}" for case in CASES]
