# Denoising autoencoders of each LSTM's hidden states, and the paths that they give.


rule autoencoder:
    input:
        "<results>/<study>/activations/{lstm_seed}.zarr",
    output:
        model="<results>/<study>/autoencoder/{lstm_seed}/{dims}/{ae_seed}/model.keras",
        history="<results>/<study>/autoencoder/{lstm_seed}/{dims}/{ae_seed}/history.csv",
        metrics="<results>/<study>/autoencoder/{lstm_seed}/{dims}/{ae_seed}/metrics.json",
    log:
        "<logs>/<study>/autoencoder/{lstm_seed}/{dims}/{ae_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/autoencoder/{lstm_seed}/{dims}/{ae_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        options=options(
            "autoencoder",
            "layers activation bottleneck noise noise_draw frames window thin_steps thin_speed"
            " validation epochs batch_size learning_rate schedule patience",
        ),
        code=code_hash("autoencoder"),
    shell:
        "python -m signpaths autoencoder {input:q} {output:q} --dims {wildcards.dims}"
        " --seed {wildcards.ae_seed} {params.options} > {log:q} 2>&1"


rule paths:
    input:
        activations="<results>/<study>/activations/{lstm_seed}.zarr",
        models=expand(
            "<results>/<study>/autoencoder/{{lstm_seed}}/{dims}/{ae_seed}/model.keras",
            dims=config["autoencoder"]["dims"],
            ae_seed=AE_SEEDS,
        ),
    output:
        directory("<results>/<study>/paths/{lstm_seed}.zarr"),
    log:
        "<logs>/<study>/paths/{lstm_seed}.log",
    benchmark:
        "<results>/<study>/benchmarks/paths/{lstm_seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code_hash("paths"),
    shell:
        "python -m signpaths paths {input.activations:q} {output:q} --models {input.models:q}"
        " > {log:q} 2>&1"
