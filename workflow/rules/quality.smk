# How far the paths are to be trusted, and how alike the runs are.


rule quality:
    input:
        activations="<results>/<study>/activations/{lstm_seed}.zarr",
        paths="<results>/<study>/paths/{lstm_seed}.zarr",
    output:
        directory("<results>/<study>/quality/{lstm_seed}.zarr"),
    log:
        "<logs>/<study>/quality/{lstm_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/quality/{lstm_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        options=options("quality", "frames"),
        code=code_hash("quality"),
    shell:
        "python -m signpaths quality {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule agreement:
    input:
        activations=expand(
            "<results>/<study>/activations/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
        closeness=expand(
            "<results>/<study>/closeness/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
        metrics=expand(
            "<results>/<study>/lstm/{lstm_seed}/metrics.json", lstm_seed=LSTM_SEEDS
        ),
    output:
        directory("<results>/<study>/agreement.zarr"),
    log:
        "<logs>/<study>/agreement.log",
    benchmark:
        "<results>/<study>/benchmarks/agreement/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        options=options("agreement", "frames"),
        close=options("stability", "close_fraction"),
        code=code_hash("agreement"),
    shell:
        "python -m signpaths agreement {output:q} --activations {input.activations:q}"
        " --closeness {input.closeness:q} --metrics {input.metrics:q}"
        " {params.options} {params.close} > {log:q} 2>&1"
