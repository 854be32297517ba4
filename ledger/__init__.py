"""The record: a tamper-evident log (`ledger.chain`) and what happened to things (`ledger.custody`)."""
