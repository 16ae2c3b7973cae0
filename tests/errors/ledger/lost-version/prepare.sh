echo 99 > $LEDGER/newest
rm -f $LEDGER/snapshot*
