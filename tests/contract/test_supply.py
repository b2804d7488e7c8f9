"""What the platform is built from: nothing without a checksum, nothing under terms that we do not take."""

import json
import re

import pytest

from core.errors import StackError
from stack.supply.bill import bill
from stack.supply.licences import PAGE, is_allowed, licence, page, refused
from stack.supply.packages import PYTHON_LOCKS, ROOT, Package, all_packages, npm, python

PACKAGES = all_packages()
NAMED = re.compile(r"^[A-Za-z0-9][^\s;]*==", re.MULTILINE)


def test_every_line_of_the_locks_is_read() -> None:
    found = {
        ecosystem: [each for each in PACKAGES if each.ecosystem == ecosystem]
        for ecosystem in ("pypi", "npm", "maven")
    }
    lines = {line for path in PYTHON_LOCKS for line in path.read_text().splitlines() if NAMED.match(line)}
    assert len(found["pypi"]) == len({line.split()[0] for line in lines})
    assert len(found["npm"]) > 400
    assert len(found["maven"]) > 40


def test_every_package_has_a_strong_checksum() -> None:
    without = [each for each in PACKAGES if not {"sha256", "sha512"} & {name for name, _ in each.hashes}]
    assert [each.name for each in without if not each.bundled] == []


def test_the_containers_have_no_other_packages() -> None:
    """Nor other hashes: one audit and one bill of materials are for both."""
    inside = set(python([ROOT / "deploy" / "requirements.lock"]))
    assert len(inside) > 50
    assert inside <= set(PACKAGES)
    assert not {"pytest", "ruff", "pip-audit"} & {each.name for each in inside}


def test_what_is_bundled_lies_inside_a_package_with_a_checksum() -> None:
    text = (PYTHON_LOCKS[0].parent / "frontend" / "package-lock.json").read_text()
    entries = json.loads(text)["packages"]
    for path, entry in entries.items():
        if entry.get("inBundle"):
            assert entries[path.rpartition("/node_modules/")[0]]["integrity"]
    assert any(each.bundled for each in npm())


def test_no_lock_names_where_a_package_is_fetched() -> None:
    """The place is the machine's to choose; the checksum decides whether it is the right package."""
    for path in (*PYTHON_LOCKS, PYTHON_LOCKS[0].parent / "frontend" / "package-lock.json"):
        assert not re.search(
            r"(?m)^--(?:extra-)?index-url|\"resolved\"|https?://\S*\.(?:whl|tgz|tar\.gz)", path.read_text()
        ), path


def test_the_page_of_licences_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make licences`"


def test_every_licence_is_one_that_we_take() -> None:
    assert refused(PACKAGES) == []
    assert refused([Package("npm", "copyleft", "1.0.0", (), "GPL-3.0-only")]) == ["copyleft"]


@pytest.mark.parametrize(
    ("terms", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 AND (MIT OR AGPL-3.0-only)", True),
        ("SSPL-1.0", False),
        ("LicenseRef-Commercial", False),
    ],
)
def test_terms_are_evaluated_as_they_go_together(terms: str, allowed: bool) -> None:
    assert is_allowed(terms) is allowed


@pytest.mark.parametrize("said", [None, "SEE LICENSE IN README", "Proprietary"])
def test_a_licence_that_is_not_known_is_asked_for(said: str | None) -> None:
    with pytest.raises(StackError, match="not known"):
        licence(Package("npm", "left-over", "1.0.0", (), said))
    with pytest.raises(StackError, match="not known"):
        licence(Package("maven", "org.unheard.of:artifact", "1.0.0", ()))


def test_the_bill_of_materials_lists_every_package_with_its_checksums() -> None:
    written = bill()
    listed = {(each["purl"], len(each.get("hashes", ()))) for each in json.loads(written)["components"]}
    assert len(listed) == len(PACKAGES)
    assert sum(hashes for _, hashes in listed) == sum(len(each.hashes) for each in PACKAGES)
    by_hand = {
        "pkg:pypi/pyspark@",
        "pkg:npm/%40tanstack/react-query@",
        "pkg:maven/org.apache.kafka/kafka-clients@",
    }
    assert all(any(purl.startswith(start) for purl, _ in listed) for start in by_hand)
    assert set(re.findall(r"https?://[^\"]*", written)) == {"http://cyclonedx.org/schema/bom-1.6.schema.json"}
    assert written == bill(), "the same locks, the same bytes"
