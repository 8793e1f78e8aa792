# What speaks for closeness from outside, mistakes on held-out examples and claims; and all in words.


rule evidence:
    input:
        stability="<results>/<study>/stability.zarr",
        activations=expand(
            "<results>/<study>/activations/{lstm_seed}.zarr", lstm_seed=LSTM_SEEDS
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
        "python -m signpaths evidence {input.stability:q} {output:q}"
        " --activations {input.activations:q} {params.options} --claims={params.claims:q} > {log:q} 2>&1"


rule method:
    input:
        stability="<results>/<study>/stability.zarr",
        quality=f"<results>/<study>/quality/{config['report']['reference_seed']}.zarr",
        agreement="<results>/<study>/agreement.zarr",
        evidence="<results>/<study>/evidence.zarr",
    output:
        report(
            "<results>/<study>/method.md",
            caption="../report/method.rst",
            category="Report",
            labels={"content": "What was computed, for a paper"},
        ),
    log:
        "<logs>/<study>/method.log",
    conda:
        ENVIRONMENT
    params:
        seeds_vary=config["seeds_vary"],
        code=code_hash("method"),
    shell:
        "python -m signpaths method {input:q} {output:q} --seeds-vary {params.seeds_vary:q}"
        " > {log:q} 2>&1"
