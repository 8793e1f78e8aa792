# Denoising autoencoders of each network's hidden states, one map for all networks turned onto a
# reference, the paths that they give, and how far to trust these.


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
        mem_mb=grown(2500),
        runtime=grown(15),
    params:
        options=options("autoencoder"),
        code=code("autoencoder"),
    shell:
        "python -m signpaths autoencoder {input:q} {output:q} --dims {wildcards.dims}"
        " --seed {wildcards.ae_seed} {params.options} > {log:q} 2>&1"


use rule autoencoder as other_bottleneck with:
    output:
        model="<results>/<study>/bottlenecks/{bottleneck}/{network}/{dims}/{ae_seed}/model.keras",
        history="<results>/<study>/bottlenecks/{bottleneck}/{network}/{dims}/{ae_seed}/history.csv",
        metrics="<results>/<study>/bottlenecks/{bottleneck}/{network}/{dims}/{ae_seed}/metrics.json",
    log:
        "<logs>/<study>/other_bottleneck/{bottleneck}/{network}/{dims}/{ae_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/{bottleneck}_autoencoder/{network}/{dims}/{ae_seed}.tsv"
    params:
        options=lambda wildcards: study_config.options(
            config, "autoencoder", bottleneck=wildcards.bottleneck
        ),
        code=code("autoencoder"),


rule reference:
    input:
        expand(
            "<results>/<study>/activations/{network}.zarr", network=REFERENCE_NETWORKS
        ),
    output:
        directory("<results>/<study>/reference.zarr"),
    log:
        "<logs>/<study>/reference.log",
    benchmark:
        "<results>/<study>/benchmarks/reference/all.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        activations=lambda wildcards, input: Path(input[0]).parent,
        networks=[f"--networks={network}" for network in REFERENCE_NETWORKS],
        options=options("reference"),
        code=code("reference"),
    shell:
        "python -m signpaths reference {params.activations:q} {output:q} {params.networks}"
        " {params.options} > {log:q} 2>&1"


rule alignment:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        reference="<results>/<study>/reference.zarr",
    output:
        directory("<results>/<study>/alignment/{network}.zarr"),
    log:
        "<logs>/<study>/alignment/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/alignment/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        code=code("alignment"),
    shell:
        "python -m signpaths alignment {input:q} {output:q} --network={wildcards.network}"
        " > {log:q} 2>&1"


rule shared:
    input:
        "<results>/<study>/reference.zarr",
    output:
        model="<results>/<study>/shared/{dims}/{shared_seed}/model.keras",
        history="<results>/<study>/shared/{dims}/{shared_seed}/history.csv",
        metrics="<results>/<study>/shared/{dims}/{shared_seed}/metrics.json",
    log:
        "<logs>/<study>/shared/{dims}/{shared_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/shared/{dims}/{shared_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=grown(15),
    params:
        options=options("shared"),
        code=code("shared"),
    shell:
        "python -m signpaths shared {input:q} {output:q} --dims {wildcards.dims}"
        " --seed {wildcards.shared_seed} {params.options} > {log:q} 2>&1"


rule paths:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        models=expand(
            "<results>/<study>/autoencoders/{{network}}/{dims}/{ae_seed}/model.keras",
            dims=DIMS,
            ae_seed=AE_SEEDS,
        ),
        alignment="<results>/<study>/alignment/{network}.zarr",
        reference="<results>/<study>/reference.zarr",
        shared=expand(
            "<results>/<study>/shared/{dims}/{shared_seed}/model.keras",
            dims=DIMS,
            shared_seed=SHARED_SEEDS,
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
        mem_mb=grown(1500),
        runtime=grown(10),
    params:
        autoencoders=lambda wildcards, input: Path(input.models[0]).parents[2],
        shared=lambda wildcards, input: Path(input.reference).with_name("shared"),
        shared_seeds=len(SHARED_SEEDS),
        options=options("paths"),
        code=code("paths"),
    shell:
        "python -m signpaths paths {input.activations:q} {params.autoencoders:q} {input.alignment:q}"
        " {input.reference:q} {params.shared:q} {output:q} --shared-seeds {params.shared_seeds}"
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
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        options=options("quality"),
        code=code("quality"),
    shell:
        "python -m signpaths quality {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule bottlenecks:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        models=[with_bottleneck(activation) for activation in BOTTLENECKS],
    output:
        directory("<results>/<study>/bottlenecks/{network}.zarr"),
    log:
        "<logs>/<study>/bottlenecks/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/bottlenecks/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        # In one text: Snakemake knows no order of inputs, nor of a list's items.
        models=lambda wildcards, input: shlex.join(
            f"--models={model}" for model in input.models
        ),
        options=options("bottlenecks"),
        code=code("bottlenecks"),
    shell:
        "python -m signpaths bottlenecks {input.activations:q} {output:q} {params.models}"
        " {params.options} > {log:q} 2>&1"
