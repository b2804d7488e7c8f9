"""HTTP to Kafka: verifies who sends, maps what was sent to the event of the contract, and answers once Kafka has it.

Contract, section 8. `app.py` wires; `mapping/` and `signatures/` are pure; `sources/` is data, one file for each
shop system or payment gateway.
"""
