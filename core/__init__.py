"""The contract and what every process shares. Imports no sibling package."""
