echo 2 > $LEDGER/format
