"""Write the bill of materials of what is installed here, as CycloneDX JSON, and hold it to the schema: sbom.py FILE."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID, uuid5

from components import NAME, ROOT, components
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from tallystick import __version__

_SPACE = UUID("b6f7c1d4-2f3a-4c56-9f1f-7f3f0f3a9d10")


def bill() -> str:
    """Return the bill; the same packages make the same bytes, but for the time that it is made."""
    licences = LicenseFactory()
    root = Component(
        name=NAME,
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref=NAME,
        licenses=[licences.make_from_string("Apache-2.0")],
        purl=PackageURL("pypi", None, NAME, __version__),
    )
    bom = Bom()
    bom.metadata.component = root
    parts = []
    for part in components():
        namespace, _, name = part.name.rpartition("/")
        purl = PackageURL(part.kind, namespace or None, name, part.version)
        parts.append(
            Component(
                name=part.name,
                version=part.version,
                bom_ref=str(purl),
                licenses=[licences.make_from_string(part.licence)],
                purl=purl,
            )
        )
    bom.components.update(parts)
    bom.register_dependency(root, parts)
    bom.serial_number = uuid5(_SPACE, " ".join(sorted(str(part.purl) for part in parts)))
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"The bill does not fit its schema: {wrong}")
    return text


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.json"
    path.write_text(bill() + "\n", encoding="utf-8")
    print(f"wrote {path}")
