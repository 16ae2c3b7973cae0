rm -r $LEDGER/versions
touch $LEDGER/versions
