echo 'x' > $LEDGER/acknowledgements.jsonl
