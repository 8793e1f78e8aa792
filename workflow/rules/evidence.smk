# What speaks for closeness from outside: mistakes on held-out examples, and claims.


rule evidence:
    input:
        stability="<results>/<study>/stability.zarr",
        raw="<results>/<study>/closeness/raw.zarr",
        activations=expand(
            "<results>/<study>/activations/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
        closeness=expand(
            "<results>/<study>/closeness/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
        ),
    output:
        store=directory("<results>/<study>/evidence.zarr"),
        claims=report(
            "<results>/<study>/claims.csv",
            caption="../report/claims.rst",
            category="Pairs",
            labels={"content": "Claims, and what the retrainings say"},
        ),
    log:
        "<logs>/<study>/evidence.log",
    benchmark:
        "<results>/<study>/benchmarks/evidence/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        options=options("evidence", "confused_fraction"),
        claims=verbatim(json.dumps(config["claims"])),
        code=code_hash("evidence"),
    shell:
        "python -m signpaths evidence {input.stability:q} {input.raw:q} {output:q}"
        " --activations {input.activations:q} --closeness {input.closeness:q}"
        " {params.options} --claims={params.claims:q} > {log:q} 2>&1"
