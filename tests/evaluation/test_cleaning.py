import pytest

from sfsign_jax.evaluation import clean_glosses, clean_line


# Annotations of PHOENIX2014 (some shortened) and what the official references make of them.
@pytest.mark.parametrize(
    ("annotation", "reference"),
    [
        ("loc-NORDWEST TEMPERATUR WARM", "NORDWEST TEMPERATUR WARM"),
        ("qu-DU poss-EUCH lh-HOCH cl-KOMMEN", "DU EUCH HOCH KOMMEN"),
        ("SONNE S0NNE HABEN2 __OFF__", "SONNE HABEN __OFF__"),
        ("__EMOTION__ MORGEN __PU__ FLUSS __LEFTHAND__ __OFF__", "MORGEN FLUSS __OFF__"),
        ("__ON__ WETTER WIE AUSSEHEN MORGEN", "__ON__ WETTER WIE-AUSSEHEN MORGEN"),
        ("WIE AUSSEHEN", "WIE-AUSSEHEN"),
        ("__ON__ WIND ZEIGEN __OFF__", "__ON__ WIND ZEIGEN-BILDSCHIRM __OFF__"),
        ("WIND MAESSIG ZEIGEN", "WIND MAESSIG ZEIGEN-BILDSCHIRM"),
        ("WIND ZEIGEN-BILDSCHIRM", "WIND ZEIGEN-BILDSCHIRM"),
        ("S H VOR POMMERN", "S+H VOR POMMERN"),
        ("IX S H IX", "IX S+H IX"),
        ("IX S  H IX", "IX S H IX"),
        ("E R Z BERG", "E R+Z BERG"),
        ("TAG E R Z BERG", "TAG E+R+Z BERG"),
        ("HOCH D A M I A N IX K R E T A", "HOCH D+A+M+I+A+N IX K+R+E+T+A"),
        ("LESEN Z D F", "LESEN Z+D+F"),
        ("MOEGLICH SCH E W E B Y ALPEN", "MOEGLICH SCH+E+W+E+B+Y ALPEN"),
        ("TIEF G U NN E R WOLKE", "TIEF G+U+NN+E+R WOLKE"),
        ("NORDRAUM loc-RAUM REGEN-PLUSPLUS", "NORD RAUM REGEN"),
        ("TAG REGEN REGEN NORD", "TAG REGEN NORD"),
        ("NORD WEHEN WEHEN WEHEN WEHEN WEHEN WEHEN STURM", "NORD WEHEN STURM"),
        ("REGEN " * 16, "REGEN"),
        ("REGEN " * 17, "REGEN REGEN"),
        ("loc-REGEN REGEN-PLUSPLUS", "REGEN"),
        ("MOEGLICH  MOEGLICH REGEN", "MOEGLICH MOEGLICH REGEN"),
        ("GLATT __EMOTION__ GLATT", "GLATT GLATT"),
        ("NICHT-VIEL NICHT-VIEL", "NICHT-VIEL NICHT-VIEL"),
        ("NICHT-REGEN REGEN", "NICHT-REGEN REGEN"),
        ("__PU__", ""),
        ("", ""),
    ],
)
def test_clean_line(annotation, reference):
    assert clean_line(annotation) == reference


def test_clean_glosses_takes_each_gloss_by_itself():
    glosses = ["WIE", "AUSSEHEN", "S", "H", "__PU__", "loc-NORDRAUM", "NORD", "ZEIGEN", "cl-"]
    assert clean_glosses(glosses) == [
        "WIE",
        "AUSSEHEN",
        "S",
        "H",
        "NORD",
        "NORD",
        "ZEIGEN-BILDSCHIRM",
    ]


def test_clean_glosses_leaves_other_languages_alone():
    glosses = ["他", "今天", "PPT", "4", "b"]
    assert clean_glosses(glosses) == glosses
