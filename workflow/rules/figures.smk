# The figures of the report.


rule figures:
    input:
        stability="<results>/<study>/stability.zarr",
        paths=f"<results>/<study>/paths/{config['report']['reference_seed']}.zarr",
        metrics=expand(
            "<results>/<study>/lstm/{lstm_seed}/metrics.json", lstm_seed=LSTM_SEEDS
        ),
    output:
        paths=[
            report(
                f"<results>/<study>/figures/paths-{kind}{dims}.png",
                caption="../report/paths.rst",
                category="Example paths",
                labels={"projection": projection, "dimensions": str(dims)},
            )
            for kind, projection in (("ae", "autoencoder"), ("pca", "PCA"))
            for dims in config["autoencoder"]["dims"]
        ],
        pairs=report(
            "<results>/<study>/figures/pairs.png",
            caption="../report/pairs_figure.rst",
            category="Pairs",
            labels={"content": "The most stable pairs"},
        ),
        seeds=report(
            "<results>/<study>/figures/seeds.png",
            caption="../report/seeds.rst",
            category="Pairs",
            labels={"content": "Pairs by LSTM seed"},
        ),
        variance=report(
            "<results>/<study>/figures/variance.png",
            caption="../report/variance.rst",
            category="Runs",
            labels={"content": "Where the instability comes from"},
        ),
        accuracy=report(
            "<results>/<study>/figures/accuracy.png",
            caption="../report/accuracy.rst",
            category="Runs",
            labels={"content": "Accuracy of every run"},
        ),
        vector=expand(
            "<results>/<study>/figures/{name}.svg", name=["pairs", "accuracy"]
        ),
    log:
        "<logs>/<study>/figures.log",
    benchmark:
        "<results>/<study>/benchmarks/figures/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        lstm=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        folder=lambda wildcards, output: Path(output.pairs).parent,
        options=options("figures", "transform"),
        code=code_hash("figures"),
    shell:
        "python -m signpaths figures {input.stability:q} {input.paths:q} {params.lstm:q}"
        " {params.folder:q} {params.options} > {log:q} 2>&1"
