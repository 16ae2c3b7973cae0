echo 2 > $LEDGER/format
rm $LEDGER/copies/format
