rm -r $LEDGER/versions
