# What people read: figures, the method in words, what made the study, and the page.


rule method:
    input:
        stability="<results>/<study>/stability.zarr",
        quality=f"<results>/<study>/quality/{REFERENCE}.zarr",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        evidence="<results>/<study>/evidence.zarr",
        units="<results>/<study>/units.zarr",
    output:
        report(
            "<results>/<study>/method.md",
            caption="../report/method.rst",
            category="Report",
            labels={"content": "What was computed, for a paper"},
        ),
    log:
        "<logs>/<study>/method.log",
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("method"),
        code=code("method"),
    shell:
        "python -m signpaths method {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule figures:
    input:
        # Nothing in it is drawn; it says that the study has the signs.
        named="<results>/<study>/named_signs.csv",
        stability="<results>/<study>/stability.zarr",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
        bottlenecks=COMPARED_BOTTLENECKS,
    output:
        shown=[
            report(
                f"<results>/<study>/figures/{entry.name}.png",
                caption=f"../report/{entry.name}.rst",
                category=entry.category,
                labels={"content": entry.content},
            )
            for entry in gallery.of_study(bool(BOTTLENECKS))
        ],
        others=[
            f"<results>/<study>/figures/{entry.name}.svg"
            for entry in gallery.of_study(bool(BOTTLENECKS))
        ],
    log:
        "<logs>/<study>/figures.log",
    benchmark:
        "<results>/<study>/benchmarks/figures/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        networks=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        folder=lambda wildcards, output: Path(output.shown[0]).parent,
        bottlenecks=lambda wildcards, input: (
            ["--bottlenecks", input.bottlenecks] if input.bottlenecks else []
        ),
        study=config["study"],
        options=options("figures"),
        code=code("figures"),
    shell:
        "python -m signpaths figures {input.stability:q} {input.agreement:q} {input.shared_map:q}"
        " {params.networks:q} {params.folder:q} --study={params.study} {params.bottlenecks:q} {params.options} > {log:q} 2>&1"


rule run_figures:
    input:
        named="<results>/<study>/named_signs.csv",
        sightings="<results>/<study>/sightings/{run}.zarr",
        units="<results>/<study>/units.zarr",
        sequences="<results>/<study>/sequences.zarr",
        activations=of_run("<results>/<study>/activations/{network}.zarr"),
        paths=of_run("<results>/<study>/paths/{network}.zarr"),
        models=of_run("<results>/<study>/networks/{network}/model.keras"),
        autoencoders=of_run(
            "<results>/<study>/autoencoders/{network}/{dims}/0/model.keras", dims=DIMS
        ),
        shared=expand(
            "<results>/<study>/shared/{dims}/{shared_seed}/model.keras",
            dims=DIMS,
            shared_seed=SHARED_SEEDS,
        ),
    output:
        shown=[
            report(
                f"<results>/<study>/run_figures/{{run}}/{drawn.path}.png",
                caption=f"../report/{drawn.entry.name}.rst",
                category=drawn.entry.category,
                labels={"figure": drawn.content, "map": drawn.map, "run": "{run}"},
            )
            for drawn in RUN_FIGURES
            if drawn.entry.is_shown
        ],
        others=[
            f"<results>/<study>/run_figures/{{run}}/{drawn.path}.{suffix}"
            for drawn in RUN_FIGURES
            for suffix in drawn.entry.formats
            if suffix != "png"
        ],
    log:
        "<logs>/<study>/run_figures/{run}.log",
    benchmark:
        "<results>/<study>/benchmarks/run_figures/{run}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(15),
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        paths=lambda wildcards, input: Path(input.paths[0]).parent,
        networks=lambda wildcards, input: Path(input.models[0]).parents[1],
        autoencoders=lambda wildcards, input: Path(input.autoencoders[0]).parents[3],
        shared=lambda wildcards, input: Path(input.paths[0]).parents[1] / "shared",
        folder=lambda wildcards, output: Path(output.shown[0]).parent,
        study=config["study"],
        maps=[f"--maps={one}" for one in config["figures"]["maps"]],
        options=options("run_figures"),
        code=code("run_figures"),
    shell:
        "python -m signpaths run-figures {params.activations:q} {params.paths:q}"
        " {input.sightings:q} {input.units:q} {input.sequences:q} {params.networks:q}"
        " {params.autoencoders:q} {params.shared:q}"
        " {params.folder:q} --study={params.study} {params.maps} {params.options} > {log:q} 2>&1"


rule film:
    input:
        sightings="<results>/<study>/sightings/{run}.zarr",
        activations=of_run("<results>/<study>/activations/{network}.zarr"),
        paths=of_run("<results>/<study>/paths/{network}.zarr"),
        models=of_run("<results>/<study>/networks/{network}/model.keras"),
    output:
        film=report(
            "<results>/<study>/films/{run}/{map}.mp4",
            caption="../report/14-film.rst",
            category=gallery.FILM.category,
            labels={"figure": gallery.FILM.content, "map": "{map}2", "run": "{run}"},
        ),
        gif=(
            "<results>/<study>/films/{run}/{map}.gif"
            if config["figures"]["film_gif"]
            else []
        ),
    log:
        "<logs>/<study>/film/{run}/{map}.log",
    benchmark:
        "<results>/<study>/benchmarks/film/{run}/{map}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        activations=lambda wildcards, input: Path(input.activations[0]).parent,
        paths=lambda wildcards, input: Path(input.paths[0]).parent,
        networks=lambda wildcards, input: Path(input.models[0]).parents[1],
        gif=lambda wildcards, output: ["--gif", output.gif] if output.gif else [],
        study=config["study"],
        options=options("film"),
        code=code("film"),
    shell:
        "python -m signpaths film {params.activations:q} {params.paths:q} {input.sightings:q}"
        " {params.networks:q} {output.film:q} {params.gif:q} --study={params.study}"
        " --map={wildcards.map} {params.options} > {log:q} 2>&1"


rule excerpts:
    input:
        activations="<results>/<study>/activations/{network}.zarr",
        paths="<results>/<study>/paths/{network}.zarr",
        model="<results>/<study>/networks/{network}/model.keras",
    output:
        directory("<results>/<study>/excerpts/{network}.zarr"),
    log:
        "<logs>/<study>/excerpts/{network}.log",
    benchmark:
        "<results>/<study>/benchmarks/excerpts/{network}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        options=options("excerpts"),
        code=code("excerpts"),
    shell:
        "python -m signpaths excerpts {input:q} {output:q} {params.options} > {log:q} 2>&1"


rule explorer:
    input:
        networks="<results>/<study>/networks.txt",
        stability="<results>/<study>/stability.zarr",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        signals="<results>/<study>/closeness_raw.zarr",
        sequences="<results>/<study>/sequences.zarr",
        excerpts=each("<results>/<study>/excerpts/{network}.zarr"),
        closeness=each("<results>/<study>/closeness/{network}.zarr"),
        quality=each("<results>/<study>/quality/{network}.zarr"),
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
        histories=each("<results>/<study>/networks/{network}/history.csv"),
    output:
        "<results>/<study>/explorer.txt",
    log:
        "<logs>/<study>/explorer.log",
    benchmark:
        "<results>/<study>/benchmarks/explorer/all.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1500),
        runtime=grown(10),
    params:
        excerpts=lambda wildcards, input: Path(input.excerpts[0]).parent,
        closeness=lambda wildcards, input: Path(input.closeness[0]).parent,
        quality=lambda wildcards, input: Path(input.quality[0]).parent,
        trained=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        study=config["study"],
        options=options("explorer"),
        code=code("explorer"),
    shell:
        "python -m signpaths explorer {input.networks:q} {input.stability:q} {input.agreement:q}"
        " {input.shared_map:q} {input.signals:q} {input.sequences:q} {params.excerpts:q}"
        " {params.closeness:q} {params.quality:q} {params.trained:q} {output:q}"
        " --study={params.study} {params.options} > {log:q} 2>&1"


rule provenance:
    input:
        networks="<results>/<study>/networks.txt",
        recordings="<results>/<study>/recordings.zarr",
        # Written last, so the time of every rule before it is known.
        evidence="<results>/<study>/evidence.zarr",
        agreement="<results>/<study>/agreement.zarr",
        units="<results>/<study>/units.zarr",
        quality=each("<results>/<study>/quality/{network}.zarr"),
        benchmarks=benchmarks_of(
            rules.tsd,
            rules.sequences,
            rules.lstm,
            rules.activations,
            rules.autoencoder,
            rules.reference,
            rules.alignment,
            rules.shared,
            rules.paths,
            rules.quality,
            rules.closeness,
            rules.closeness_raw,
            rules.stability,
            rules.agreement,
            rules.shared_map,
            rules.evidence,
            rules.responses,
            rules.units,
            rules.sightings,
            rules.figures,
            rules.run_figures,
            *([rules.film] if FILMED else []),
            rules.excerpts,
            rules.explorer,
        ),
    output:
        "<results>/<study>/provenance.json",
    log:
        "<logs>/<study>/provenance.log",
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(1000),
        runtime=grown(10),
    params:
        benchmarks=lambda wildcards, output: Path(output[0]).parent / "benchmarks",
        config=verbatim(json.dumps(config, sort_keys=True)),
        # It tells the hash of every stage's code, those that run after it included.
        stages=" ".join(map(code, BY_RULE)),
        code=code("provenance"),
    shell:
        "python -m signpaths provenance {input.networks:q} {input.recordings:q} {params.benchmarks:q}"
        " {output:q} --config={params.config:q} > {log:q} 2>&1"


rule report:
    input:
        stability="<results>/<study>/stability.zarr",
        sequences="<results>/<study>/sequences.zarr",
        excluded="<results>/<study>/excluded.csv",
        paths=f"<results>/<study>/paths/{REFERENCE}.zarr",
        metrics=each("<results>/<study>/networks/{network}/metrics.json"),
        figures=rules.figures.output.shown,
        provenance="<results>/<study>/provenance.json",
        evidence="<results>/<study>/evidence.zarr",
        claims="<results>/<study>/claims.csv",
        agreement="<results>/<study>/agreement.zarr",
        shared_map="<results>/<study>/shared_map.zarr",
        units="<results>/<study>/units.zarr",
        quality=each("<results>/<study>/quality/{network}.zarr"),
        sightings=f"<results>/<study>/sightings/{RUNS[0]}.zarr",
        run_figures=expand(rules.run_figures.output.shown, run=RUNS[0]),
        bottlenecks=COMPARED_BOTTLENECKS,
        film=[f"<results>/<study>/films/{RUNS[0]}/{one}.mp4" for one in FILMED[:1]],
        compared=compared,
        planted="<results>/<study>/planted.csv" if SOURCE == "simulate" else [],
        explorer="<results>/<study>/explorer.txt",
    output:
        report(
            "<results>/<study>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"content": "The whole report, one page"},
        ),
    log:
        "<logs>/<study>/report.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=grown(2000),
        runtime=grown(10),
    params:
        networks=lambda wildcards, input: Path(input.metrics[0]).parents[1],
        figures=lambda wildcards, input: Path(input.figures[0]).parent,
        quality=lambda wildcards, input: Path(input.quality[0]).parent,
        run_figures=lambda wildcards, input: Path(input.run_figures[0]).parent,
        bottlenecks=lambda wildcards, input: (
            ["--bottlenecks", input.bottlenecks] if input.bottlenecks else []
        ),
        film=lambda wildcards, input: ["--film", input.film] if input.film else [],
        planted=lambda wildcards, input: (
            ["--planted", input.planted] if input.planted else []
        ),
        compare=lambda wildcards, input: [
            f"--compare={Path(store).parent}" for store in input.compared[::2]
        ],
        options=options("report"),
        code=code("report"),
    shell:
        "python -m signpaths report {input.stability:q} {input.sequences:q} {input.excluded:q}"
        " {input.paths:q} {params.networks:q} {params.figures:q} {input.provenance:q} {output:q}"
        " --evidence {input.evidence:q} --claims {input.claims:q} --agreement {input.agreement:q}"
        " --shared-map {input.shared_map:q} --units {input.units:q} --quality {params.quality:q}"
        " --sightings {input.sightings:q} --run-figures {params.run_figures:q} {params.bottlenecks:q} {params.film:q} {params.compare:q} {params.planted:q}"
        " --explorer {input.explorer:q} {params.options} > {log:q} 2>&1"
