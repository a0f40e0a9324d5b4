// SPDX-License-Identifier: Apache-2.0

/// The style sheet of a page.
enum PageStyle {
    static let text = """
        :root{color-scheme:light dark;--back:#f6f7f8;--card:\(Palette.lightBackground);--ink:#1a1d21;--soft:#565d66;\
        --line:#d9dde2;--grid:#e7eaee;--heat:0 94 150;--heat2:190 84 0;--heat-most:.7;--best:#e3f0f8;\(Palette.declarations(dark: false))}
        @media (prefers-color-scheme:dark){:root{--back:#121417;--card:\(Palette.darkBackground);--ink:#e8eaed;\
        --soft:#a3abb5;--line:#373d45;--grid:#2a2f36;--heat:70 160 225;--heat2:240 140 60;--heat-most:.55;--best:#16344a;\
        \(Palette.declarations(dark: true))}}
        \(Palette.rules)
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",\
        "DejaVu Sans",sans-serif}
        main{max-width:1120px;margin:0 auto;padding:24px}
        h1{font-size:1.7rem;line-height:1.2;margin:.2em 0 .4em;overflow-wrap:anywhere}
        h2{font-size:1.25rem;margin:2em 0 .6em;padding-top:.2em}
        h3{font-size:1rem;margin:0}
        p{max-width:75ch;margin:.5em 0}
        .lead{font-size:1.1rem;max-width:70ch;color:var(--ink)}
        .soft,figcaption p{color:var(--soft);font-size:.875rem}
        nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 0;font-size:.9rem}
        a{color:var(--s0)}
        footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
        .grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:16px;margin:12px 0}
        .grid>*{margin:0}
        figure{margin:12px 0;padding:14px 16px 10px;background:var(--card);border:1px solid var(--line);\
        border-radius:8px;min-width:0;position:relative}
        figcaption p{margin:2px 0 6px;line-height:1.35}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:16px 0}
        .tiles>div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
        .tiles dt{color:var(--soft);font-size:.85rem}
        .tiles dd{margin:0;font-size:1.35rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
        .tiles dd.detail{font-size:.8rem;font-weight:400;color:var(--soft)}
        .facts{columns:2 380px;column-gap:32px;margin:12px 0;font-size:.92rem}
        .facts>div{display:flex;gap:12px;justify-content:space-between;padding:3px 0;break-inside:avoid;\
        border-bottom:1px solid var(--grid)}
        .facts dt{color:var(--soft);flex:none;max-width:50%}
        .facts dd{margin:0;text-align:right;overflow-wrap:anywhere;min-width:0}
        .note{border:1px solid var(--line);border-left:5px solid var(--c);background:var(--card);border-radius:6px;\
        padding:10px 14px;margin:12px 0;overflow-wrap:anywhere}
        .note.info{--c:var(--s0)}.note.good{--c:var(--s2)}.note.warning{--c:var(--s1)}
        details{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:12px 0;padding:0 14px}
        summary{cursor:pointer;padding:10px 0;font-weight:600}
        details[open]{padding-bottom:12px}
        pre{overflow:auto;background:var(--back);border:1px solid var(--grid);border-radius:6px;padding:10px 12px;\
        margin:0;font:.85rem/1.45 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;white-space:pre-wrap;\
        overflow-wrap:anywhere}
        \(tables)\(charts)
        @media (max-width:640px){main{padding:14px 12px}h1{font-size:1.4rem}.lead{font-size:1rem}\
        figure{padding:12px 10px 8px}svg text{font-size:13.5px}.tiles{grid-template-columns:repeat(2,1fr)}\
        .tiles dd{font-size:1.15rem}}
        @media print{body{background:#fff}figure,details,.tiles>div{break-inside:avoid}}

        """

    private static let tables = """
        .scroll{overflow-x:auto;max-width:100%;margin:8px 0}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;font-weight:600;padding:4px 0 6px}
        th,td{padding:5px 10px;border-bottom:1px solid var(--grid);text-align:left;vertical-align:baseline}
        thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);vertical-align:bottom}
        th[scope=row]{font-weight:500}
        .n{text-align:right;white-space:nowrap}
        td.best{font-weight:700;background:var(--best)}
        td small{color:var(--soft);font-weight:400}
        tr.part th{color:var(--soft);font-weight:600;padding-top:14px}
        table.heat{border-collapse:separate;border-spacing:2px}
        .heat th,.heat td{border:0;padding:6px 8px}
        .heat td{text-align:center;min-width:4.2em;border-radius:3px;\
        background:rgb(var(--heat)/calc(var(--a,0)*var(--heat-most)))}
        .heat td.low{background:rgb(var(--heat2)/calc(var(--a,0)*var(--heat-most)))}
        .heat td.mark{outline:2px solid var(--ink);outline-offset:-2px;font-weight:700}
        .heat thead th{text-align:center;border:0}
        .scale{display:flex;align-items:center;gap:8px;font-size:.8rem;color:var(--soft);margin:4px 0 2px}
        .scale i{height:10px;width:120px;border-radius:3px;background:linear-gradient(90deg,var(--from),var(--to))}
        .scale{--from:rgb(var(--heat)/0);--to:rgb(var(--heat)/var(--heat-most))}
        .scale.two i{background:linear-gradient(90deg,rgb(var(--heat2)/var(--heat-most)),var(--card),var(--to))}
        .strip{display:flex;gap:6px;overflow-x:auto;padding:4px 0 8px;align-items:flex-start}
        .strip .tile{flex:none;width:84px;margin:0;font-size:.72rem;line-height:1.25;color:var(--soft);text-align:center;\
        overflow-wrap:anywhere}
        .tile img{display:block;width:84px;height:84px;object-fit:contain;background:#fff;border:3px solid var(--line);\
        border-radius:5px;margin-bottom:3px}
        .tile.hit img{border-color:var(--s2)}.tile.miss img{border-color:var(--s1);border-style:dashed}
        .tile.first{padding-right:10px;margin-right:4px;border-right:1px solid var(--line);width:95px}

        """

    private static let charts = """
        svg{display:block;width:100%;max-width:620px;height:auto;overflow:visible}
        svg text{font-size:11px;fill:var(--soft);paint-order:stroke;stroke:var(--card);stroke-width:3px;\
        stroke-linejoin:round;font-family:inherit;font-variant-numeric:tabular-nums}
        svg .grid-line{stroke:var(--grid);stroke-width:1}
        svg .base{stroke:var(--soft);stroke-width:1}
        svg .end{text-anchor:end}svg .mid{text-anchor:middle}
        svg .line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        svg .line.dash{stroke-dasharray:7 4}
        svg .raw{fill:none;stroke:var(--c);stroke-width:1;opacity:.3;stroke-linejoin:round}
        svg .band{fill:var(--c);opacity:.16}
        svg .dot{fill:var(--card);stroke:var(--c);stroke-width:2}
        svg .whisker{stroke:var(--c);stroke-width:1.5;fill:none}
        svg text.name{fill:var(--ink);fill:color-mix(in srgb,var(--c) 65%,var(--ink));font-weight:600}
        svg .leader{stroke:var(--c);stroke-width:1.5;opacity:.7}
        svg .reference{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:2 3}
        svg .bar{fill:var(--c)}
        svg .bar.pale{opacity:.45}
        svg .error{stroke:var(--ink);stroke-width:1.4;fill:none}
        svg text.value,svg text.group{fill:var(--ink)}
        svg .cloud{fill:none;stroke:var(--c);stroke-width:5;stroke-linecap:round;opacity:.72}
        svg .cloud.square{stroke-linecap:square;stroke-width:4}svg .cloud.few{stroke-width:9;opacity:1}
        .rest{--c:var(--soft)}svg .cloud.rest{opacity:.35}
        svg .pointer{stroke:var(--soft);stroke-width:1}
        .key{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:2px 0 6px;padding:0;font-size:.82rem}
        .key li{display:flex;align-items:center;gap:6px}
        .key svg{width:22px;height:10px;flex:none}
        .key .square,.key .round{width:12px;height:12px;background:var(--c);border-radius:2px}
        .key .round{border-radius:50%}
        .tip{position:absolute;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:6px;\
        padding:5px 8px;font-size:.78rem;line-height:1.4;box-shadow:0 2px 8px rgb(0 0 0/.18);white-space:nowrap;z-index:2}
        .tip i{display:inline-block;width:9px;height:9px;border-radius:2px;background:var(--c);margin-right:5px}
        """
}
