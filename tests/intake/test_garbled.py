"""Names in a file that is not UTF-8: those of Windows-1252 are read, and others are asked about, never guessed."""

from pathlib import Path

import pytest

from decom.errors import BadInput
from decom.intake.garbled import unlikely_word
from tests.intake.reading import read, values, written

OTHERS = [
    ("mac_roman", ["Müller", "Jürgen Groß", "Björn", "José", "Núñez", "España", "García", "Rodríguez", "Håkan Åberg",
                   "Élodie", "Ärzte", "Jérôme", "François", "L\u2019Haÿ"]),
    ("shift_jis", ["田中太郎", "鈴木", "佐藤", "高橋", "渡辺", "山本", "中村", "小林", "加藤",
                   "吉田", "木村", "営業部ソ"]),
    ("euc_jp", ["田中", "鈴木"]),
    ("gbk", ["王小明", "林"]),
    ("big5", ["王小明"]),
    ("euc_kr", ["김철수"]),
    ("cp1251", ["Иванов", "Отдел продаж"]),
    ("koi8_r", ["Иванов"]),
    ("iso8859_7", ["Παπαδόπουλος"]),
    ("cp1250", ["Łukasz", "Żółć", "Šárka", "Tomaš"]),
    ("cp850", ["Müller", "José", "Jäger", "Björn", "Núñez"]),
    ("cp1255", ["כהן"]),
]  # fmt: skip

WESTERN = [
    "Müller", "Jürgen Groß", "Björn Ängström", "José Núñez", "García-Rodríguez", "Élodie Lefèvre", "François",
    "Øyvind Ångström", "Œuvre de sœur", "cœur", "naïve", "Noël", "créée", "L\u2019été", "O\u2019Brien",
    "Anna\u2019s desk", "jusqu\u2019au", "d\u2019Angelo", "\u201cCafé\u201d \u2013 5 €", "20 °C", "n° 7", "m²", "£5",
    "€5", "§ 5", "¿Qué?", "1º", "«Écouté»", "Acme®", "Acme\u2122", "Berlin\u2013Hamburg", "São Paulo", "Curaçao",
    "ÜBUNG", "À bientôt", "MÜLLER", "½ h", "\u201eGrüße\u201c", "Þórður", "Ðróttur", "80 % \u2026 \u2022 ja",
    "ganz\u2026gut", "Søren Kierkegård", "Façade", "5 µm", "Meier \u2020",
]  # fmt: skip


def list_of(owner: str, encoding: str) -> bytes:
    return f"id,owner\nphn_1,{owner}\nphn_2,Bob\n".encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "name"), [(encoding, name) for encoding, names in OTHERS for name in names if name.isprintable()]
)
def test_a_name_in_another_encoding_is_asked_about_with_what_to_do(tmp_path: Path, encoding: str, name: str):
    with pytest.raises(BadInput, match="the encoding cannot be told") as caught:
        read(written(tmp_path, list_of(name, encoding)))
    assert str(caught.value.where).endswith("line 2")
    assert "Save it again as UTF-8" in (caught.value.remedy or "")
    assert values(read(written(tmp_path, list_of(name, "utf-8")))) == ["phn_1", "phn_2"]


@pytest.mark.parametrize("name", WESTERN)
def test_a_name_as_windows_writes_it_in_the_west_is_read(tmp_path: Path, name: str):
    assert unlikely_word(name) is None
    file = read(written(tmp_path, list_of(name, "cp1252").replace(b"owner", b"\xfcber")))
    assert file.rows[0].others == (name,) and "read as Windows-1252" in file.notes


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("id,owner\nphn_1,Müller\nphn_2,".encode() + b"A\x96B\n", 3),
        (b"id,owner\nphn_1,M\xfcller\nphn_2," + "Müller\n".encode(), 2),
        ("id,owner\nphn_1,Müller\nphn_2,Zo".encode() + b"\xc3", 3),
    ],
    ids=["one stray byte", "two encodings", "cut off"],
)
def test_text_that_is_utf8_but_for_some_bytes_is_asked_about(tmp_path: Path, content: bytes, line: int):
    with pytest.raises(BadInput, match="some of it is UTF-8, and this is not") as caught:
        read(written(tmp_path, content))
    assert str(caught.value.where).endswith(f"line {line}")
