"""ELAN files written out by hand, and the rules of ELAN's schema (EAFv2.8.xsd) that they keep."""

import re
import xml.etree.ElementTree as ET

# Two signers, of whom Ann's glosses divide her sentences, and Ben's are divided: all kinds of tiers
# and of times that ELAN has, in an order that misleads, and all that a file may hold besides.
# Ann: RAIN 0-1 s, nothing 1-2, SUN 2-3; WIND IX 5-6. Ben: NIGHT 0.5-2.5, of HALF and OTHER.
ODD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- checked twice -->
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-06T07:08:09+01:00" FORMAT="2.8" VERSION="2.8"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv2.8.xsd">
    <LICENSE LICENSE_URL="https://example.org/by">CC &amp; BY</LICENSE>
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/data/a%20b.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./a%20b.wav"/>
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/data/a%20b.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="200"/>
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/data/side.mp4" MIME_TYPE="video/mp4"/>
        <LINKED_FILE_DESCRIPTOR LINK_URL="file:///C:/data/a.tsconf" MIME_TYPE="text/xml"/>
        <PROPERTY NAME="URN">urn:nl-mpi-tools-elan-eaf:1234</PROPERTY>
        <PROPERTY NAME="lastUsedAnnotationId">40</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/>
        <TIME_SLOT TIME_SLOT_ID="ts7" TIME_VALUE="500"/>
        <TIME_SLOT TIME_SLOT_ID="ts2"/>
        <TIME_SLOT TIME_SLOT_ID="ts3"/>
        <TIME_SLOT TIME_SLOT_ID="ts8" TIME_VALUE="2500"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3000"/>
        <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="5000"/>
        <TIME_SLOT TIME_SLOT_ID="ts6" TIME_VALUE="6000"/>
    </TIME_ORDER>
    <TIER DEFAULT_LOCALE="de" LINGUISTIC_TYPE_REF="free" PARTICIPANT="Ann" TIER_ID="Utterance_A">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE/>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts5" TIME_SLOT_REF2="ts6">
                <ANNOTATION_VALUE>Dort weht Wind.</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="subdivision" PARENT_REF="Utterance_A" PARTICIPANT="Ann" TIER_ID="Gloss_A">
        <!-- the middle one is a pause -->
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a5" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>SU<!-- sic -->N</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
                <ANNOTATION_VALUE>RAIN</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE> </ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a6" TIME_SLOT_REF1="ts5" TIME_SLOT_REF2="ts6">
                <ANNOTATION_VALUE>WIND  IX</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER ANNOTATOR="Cem" LINGUISTIC_TYPE_REF="words" PARTICIPANT="Ben" TIER_ID="Gloss_B">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a7" CVE_REF="c1" TIME_SLOT_REF1="ts7" TIME_SLOT_REF2="ts8">
                <ANNOTATION_VALUE>NIGHT</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="parts" PARENT_REF="Gloss_B" TIER_ID="Hands">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a9" ANNOTATION_REF="a7" PREVIOUS_ANNOTATION="a8">
                <ANNOTATION_VALUE>OTHER</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a8" ANNOTATION_REF="a7">
                <ANNOTATION_VALUE>HALF</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="note" PARENT_REF="Hands" TIER_ID="Notes">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a10" ANNOTATION_REF="a9">
                <ANNOTATION_VALUE>unsure</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE CONTROLLED_VOCABULARY_REF="signs &amp; more" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="words" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="free" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Time_Subdivision" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="subdivision" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Subdivision" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="parts" TIME_ALIGNABLE="false"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="note" TIME_ALIGNABLE="false"/>
    <LOCALE COUNTRY_CODE="DE" LANGUAGE_CODE="de"/>
    <LANGUAGE LANG_DEF="http://cdb.iso.org/lg/CDB-00138502-001" LANG_ID="eng" LANG_LABEL="English (eng)"/>
    <LANGUAGE LANG_ID="deu" LANG_LABEL="German (deu)"/>
    <CONSTRAINT DESCRIPTION="no gaps" STEREOTYPE="Time_Subdivision"/>
    <CONSTRAINT DESCRIPTION="in order" STEREOTYPE="Symbolic_Subdivision"/>
    <CONSTRAINT DESCRIPTION="1-1" STEREOTYPE="Symbolic_Association"/>
    <CONTROLLED_VOCABULARY CV_ID="signs &amp; more">
        <DESCRIPTION LANG_REF="eng">of the &lt;first&gt; session</DESCRIPTION>
        <CV_ENTRY_ML CVE_ID="c1" EXT_REF="er1">
            <CVE_VALUE DESCRIPTION="dark" LANG_REF="eng">NIGHT</CVE_VALUE>
            <CVE_VALUE LANG_REF="deu">NACHT</CVE_VALUE>
        </CV_ENTRY_ML>
    </CONTROLLED_VOCABULARY>
    <LEXICON_REF LEXICON_ID="1" LEXICON_NAME="signs" LEX_REF_ID="lr1" NAME="signs" TYPE="local" URL="https://example.org"/>
    <EXTERNAL_REF EXT_REF_ID="er1" TYPE="iso12620" VALUE="https://example.org/night"/>
</ANNOTATION_DOCUMENT>
<!-- the end -->
"""  # noqa: E501

ORDER = (
    *("LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE"),
    *("CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF", "EXTERNAL_REF"),
)
IDS = {
    *("TIME_SLOT_ID", "ANNOTATION_ID", "LANGUAGE_CODE", "LANG_ID", "STEREOTYPE"),
    *("LEX_REF_ID", "EXT_REF_ID"),
}
REFERENCES = (  # who names whom
    (
        "TIER/ANNOTATION/ALIGNABLE_ANNOTATION",
        "TIME_SLOT_REF1",
        "TIME_ORDER/TIME_SLOT",
        "TIME_SLOT_ID",
    ),
    (
        "TIER/ANNOTATION/ALIGNABLE_ANNOTATION",
        "TIME_SLOT_REF2",
        "TIME_ORDER/TIME_SLOT",
        "TIME_SLOT_ID",
    ),
    ("TIER/ANNOTATION/REF_ANNOTATION", "ANNOTATION_REF", "TIER/ANNOTATION/*", "ANNOTATION_ID"),
    ("TIER", "LINGUISTIC_TYPE_REF", "LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID"),
    ("TIER", "PARENT_REF", "TIER", "TIER_ID"),
    ("LINGUISTIC_TYPE", "CONSTRAINTS", "CONSTRAINT", "STEREOTYPE"),
    ("LINGUISTIC_TYPE", "CONTROLLED_VOCABULARY_REF", "CONTROLLED_VOCABULARY", "CV_ID"),
)
NEEDED = {
    "ANNOTATION_DOCUMENT": {"AUTHOR", "DATE", "VERSION"},
    "MEDIA_DESCRIPTOR": {"MEDIA_URL", "MIME_TYPE"},
    "TIME_SLOT": {"TIME_SLOT_ID"},
    "TIER": {"TIER_ID", "LINGUISTIC_TYPE_REF"},
    "ALIGNABLE_ANNOTATION": {"ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"},
    "REF_ANNOTATION": {"ANNOTATION_ID", "ANNOTATION_REF"},
    "LINGUISTIC_TYPE": {"LINGUISTIC_TYPE_ID"},
}


def broken_rules(text: str) -> list[str]:
    """What in a file is not as the schema has it: order, ids, references, attributes, times."""
    root = ET.fromstring(text)
    broken = []
    tags = [element.tag for element in root]
    if tags != sorted(tags, key=ORDER.index):
        broken.append(f"order: {tags}")
    if tags.count("HEADER") != 1 or tags.count("TIME_ORDER") != 1:
        broken.append("one HEADER and one TIME_ORDER")
    ids = [element.get(key) for element in root.iter() for key in IDS & element.attrib.keys()]
    ids = [name for name in ids if name is not None]
    broken += [f"two of one id: {name}" for name in {name for name in ids if ids.count(name) > 1}]
    broken += [f"no id: {name}" for name in ids if not re.fullmatch(r"[^\W\d][\w.-]*", name)]
    for tag, key in (("TIER", "TIER_ID"), ("LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID")):
        names = [element.get(key) for element in root.iterfind(tag)]
        if len(set(names)) < len(names):
            broken.append(f"two of one name: {names}")
    for who, key, whom, name in REFERENCES:
        known = {element.get(name) for element in root.iterfind(whom)}
        used = {element.get(key) for element in root.iterfind(who)} - {None}
        broken += [f"{key} names {one}" for one in used - known]
    for element in root.iter():
        missing = NEEDED.get(element.tag, set()) - element.attrib.keys()
        broken += [f"{element.tag} without {key}" for key in missing]
    times = [slot.get("TIME_VALUE", "0") for slot in root.iterfind("TIME_ORDER/TIME_SLOT")]
    return broken + [f"no time: {time}" for time in times if not re.fullmatch("[0-9]{1,9}", time)]


def eaf(*tiers: tuple[str, list[tuple[int, int, str]]], media: str = "", header: str = "") -> str:
    """A file with tiers of (from, to, text) in milliseconds; `media`: as RELATIVE_MEDIA_URL."""
    slots, elements, number = [], [], 0
    for name, annotations in tiers:
        inner = ""
        for start, end, text in annotations:
            number += 1
            slots += [f'<TIME_SLOT TIME_SLOT_ID="ts{number}b" TIME_VALUE="{start}"/>']
            slots += [f'<TIME_SLOT TIME_SLOT_ID="ts{number}e" TIME_VALUE="{end}"/>']
            inner += (
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" '
                f'TIME_SLOT_REF1="ts{number}b" TIME_SLOT_REF2="ts{number}e">'
                f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>"
                "</ALIGNABLE_ANNOTATION></ANNOTATION>"
            )
        elements.append(f'<TIER LINGUISTIC_TYPE_REF="t" TIER_ID="{name}">{inner}</TIER>')
    if media:
        header += f'<MEDIA_DESCRIPTOR MEDIA_URL="" MIME_TYPE="" RELATIVE_MEDIA_URL="{media}"/>'
    return (
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-06T07:08:09+01:00" VERSION="3.0" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        f"<HEADER>{header}</HEADER>\n<TIME_ORDER>{''.join(slots)}</TIME_ORDER>\n"
        f"{''.join(elements)}\n"
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="t" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>'
    )
