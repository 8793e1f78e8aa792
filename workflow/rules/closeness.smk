# How close every pair of signs is, in every space of every run.


rule closeness:
    input:
        activations="<results>/<study>/activations/{lstm_seed}.zarr",
        untrained="<results>/<study>/activations/untrained-{lstm_seed}.zarr",
        paths="<results>/<study>/paths/{lstm_seed}.zarr",
    output:
        directory("<results>/<study>/closeness/{lstm_seed}.zarr"),
    log:
        "<logs>/<study>/closeness/{lstm_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/closeness/{lstm_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        options=options("closeness", "phases examples crossing_examples dtw dtw_band"),
        code=code_hash("closeness"),
    shell:
        "python -m signpaths closeness {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule closeness_raw:
    input:
        sequences="<results>/<study>/sequences.zarr",
        split=f"<results>/<study>/splits/{split_seed(0)}.csv",
    output:
        directory("<results>/<study>/closeness/raw.zarr"),
    log:
        "<logs>/<study>/closeness/raw.log",
    benchmark:
        "<results>/<study>/benchmarks/closeness_raw/all.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        options=options("closeness", "phases examples crossing_examples dtw_band"),
        code=code_hash("closeness"),
    shell:
        "python -m signpaths closeness-raw {input:q} {output:q} {params.options} > {log:q} 2>&1"
