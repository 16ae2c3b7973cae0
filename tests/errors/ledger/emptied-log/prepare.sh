for log in $LEDGER/charges/_delta_log/*.json $LEDGER/day_sums/_delta_log/*.json; do : > $log; done
rm $LEDGER/snapshot
