# Which pairs stay close over retrainings.


rule stability:
    input:
        raw="<results>/<study>/closeness/raw.zarr",
        runs=expand(
            "<results>/<study>/closeness/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
    output:
        store=directory("<results>/<study>/stability.zarr"),
        pairs=report(
            "<results>/<study>/pairs.csv",
            caption="../report/pairs.rst",
            category="Pairs",
            labels={"content": "Every pair, every statistic"},
        ),
    log:
        "<logs>/<study>/stability.log",
    benchmark:
        "<results>/<study>/benchmarks/stability/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        options=options(
            "stability",
            "close_fraction tau fdr apart present firm confidence reliability resamples permutations",
        ),
        code=code_hash("stability"),
    shell:
        "python -m signpaths stability {output:q} --raw {input.raw:q} --runs {input.runs:q}"
        " {params.options} > {log:q} 2>&1"
