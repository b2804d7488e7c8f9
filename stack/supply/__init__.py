"""The platform's dependencies: locked packages, licences, bill of materials."""
