for file in $(find $LEDGER/charges $LEDGER/day_sums -name '*.parquet' -not -path '*_delta_log*'); do head -c 100 $file > part; mv part $file; done
