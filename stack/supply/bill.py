"""The bill of materials: every locked package in CycloneDX 1.6 (ECMA-424), the same bytes for the same locks."""

import json
import uuid
from importlib.metadata import version
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from stack.supply.licences import licence
from stack.supply.packages import ROOT, Package, all_packages

FILE = ROOT / "build" / "orderpulse.cdx.json"
ALGORITHMS = {
    "sha1": HashAlgorithm.SHA_1,
    "sha256": HashAlgorithm.SHA_256,
    "sha384": HashAlgorithm.SHA_384,
    "sha512": HashAlgorithm.SHA_512,
}


def bill() -> str:
    """The document, as JSON. Raises `StackError` if a licence is not known."""
    product = Component(
        name="orderpulse",
        version=version("orderpulse"),
        type=ComponentType.APPLICATION,
        bom_ref="orderpulse",
        licenses=[LicenseExpression("Apache-2.0")],
    )
    document = Bom(components=[_component(package) for package in all_packages()])
    document.metadata.component = product
    document.register_dependency(product, document.components)
    written = json.loads(JsonV1Dot6(document).output_as_string())
    del written["metadata"]["timestamp"]
    del written["serialNumber"]
    content = json.dumps(written, sort_keys=True)
    written["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    return json.dumps(written, indent=1, sort_keys=True) + "\n"


def write_bill(path: Path = FILE) -> None:
    """Write the document."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(bill(), encoding="utf-8")


def _component(package: Package) -> Component:
    address = _address(package)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=address.to_string(),
        purl=address,
        hashes=[HashType(alg=ALGORITHMS[algorithm], content=digest) for algorithm, digest in package.hashes],
        licenses=[LicenseExpression(licence(package))],
    )


def _address(package: Package) -> PackageURL:
    """Its package URL (purl), as advisory databases expect it."""
    separator = {"maven": ":", "npm": "/"}.get(package.ecosystem)
    namespace, _, name = package.name.rpartition(separator) if separator else ("", "", package.name)
    return PackageURL(package.ecosystem, namespace or None, name, package.version)
