# Denoising autoencoders of each network's hidden states, the paths that they give, and how far to trust these.


rule autoencoder:
    input:
        "<results>/<study>/activations/{network}.zarr",
    output:
        model="<results>/<study>/autoencoders/{network}/{dims}/{ae_seed}/model.keras",
        history="<results>/<study>/autoencoders/{network}/{dims}/{ae_seed}/history.csv",
        metrics="<results>/<study>/autoencoders/{network}/{dims}/{ae_seed}/metrics.json",
    log:
        "<logs>/<study>/autoencoder/{network}/{dims}/{ae_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/autoencoder/{network}/{dims}/{ae_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        options=options("autoencoder"),
        code=code("autoencoder"),
    shell:
        "python -m signpaths autoencoder {input:q} {output:q} --dims {wildcards.dims}"
        " --seed {wildcards.ae_seed} {params.options} > {log:q} 2>&1"


rule paths:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        models=expand(
            "<results>/<study>/autoencoders/{{network}}/{dims}/{ae_seed}/model.keras",
            dims=DIMS,
            ae_seed=AE_SEEDS,
        ),
    output:
        directory("<results>/<study>/paths/{network}.zarr"),
    log:
        "<logs>/<study>/paths/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/paths/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        autoencoders=lambda wildcards, input: Path(input.models[0]).parents[2],
        options=options("paths"),
        code=code("paths"),
    shell:
        "python -m signpaths paths {input.activations:q} {params.autoencoders:q} {output:q}"
        " {params.options} > {log:q} 2>&1"


rule quality:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        paths="<results>/<study>/paths/{network}.zarr",
    output:
        directory("<results>/<study>/quality/{network}.zarr"),
    log:
        "<logs>/<study>/quality/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/quality/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        options=options("quality"),
        code=code("quality"),
    shell:
        "python -m signpaths quality {input:q} {output:q} {params.options} > {log:q} 2>&1"
