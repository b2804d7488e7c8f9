"""Maps senders' messages to events of the contract, as a source's file defines. Pure."""
