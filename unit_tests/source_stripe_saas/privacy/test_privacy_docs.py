"""docs/privacy.md tells of the fields that the table has, and of every class and switch."""

from source_stripe_saas.config import resources
from source_stripe_saas.privacy.classes import CLASSES
from tools.generate_privacy_docs import FILE, fields_in_words, with_fields

TEXT = FILE.read_text(encoding="utf-8")


def test_the_committed_file_is_what_the_generator_writes():
    assert with_fields(TEXT) == TEXT


def test_every_class_and_every_switch_is_told():
    told = TEXT.replace(fields_in_words(), "")
    switches = [
        name
        for name in resources.spec()["connectionSpecification"]["properties"]
        if "personal" in name or name == "payment_instruments"
    ]
    assert len(switches) == 4
    missing = [name for name in (*CLASSES, *switches) if f"`{name}`" not in told]
    assert missing == []
