// SPDX-License-Identifier: Apache-2.0

/// The few lines of script of a page: the values of all lines under the pointer.
///
/// Without it nothing is missing.
enum PageScript {
    static let text = """
        document.querySelectorAll('svg[data-in]').forEach(svg => {
          const [l, r, t, b] = svg.dataset.in.split(' ').map(Number);
          const ends = name => { const p = svg.dataset[name].split(' ');
            const log = p[2] == 'log', lo = log ? Math.log(+p[0]) : +p[0], hi = log ? Math.log(+p[1]) : +p[1];
            const form = v => p[3] == 'percent' ? (v * 100).toFixed(1) + '%' : p[3] == 'bytes'
              ? (v / 1048576).toFixed(1) + ' MiB' : Number(v.toPrecision(4)).toLocaleString('en-US',
              {maximumSignificantDigits: 4});
            return f => { const v = lo + f * (hi - lo); return form(log ? Math.exp(v) : v); }; };
          const xv = ends('x'), yv = ends('y');
          const lines = [...svg.querySelectorAll('g[data-name]')].map(g => ({g, name: g.dataset.name,
            points: [...g.querySelectorAll('.line')].flatMap(p => [...p.getAttribute('d')
              .matchAll(/([-\\d.]+) ([-\\d.]+)/g)].map(m => [+m[1], +m[2]]))})).filter(s => s.points.length);
          if (!lines.length) return;
          const title = svg.querySelector('title'), desc = svg.querySelector('desc');
          svg.setAttribute('aria-label', title.textContent + '. ' + desc.textContent);
          svg.removeAttribute('aria-labelledby'); title.remove();
          const tip = document.createElement('div'); tip.className = 'tip'; tip.hidden = true; svg.parentNode.append(tip);
          const rule = document.createElementNS('http://www.w3.org/2000/svg', 'path');
          rule.setAttribute('class', 'pointer'); svg.append(rule);
          const hide = () => { tip.hidden = true; rule.setAttribute('d', ''); };
          svg.addEventListener('pointerleave', hide);
          svg.addEventListener('pointermove', e => {
            const box = svg.getBoundingClientRect(), k = 460 / box.width, x = (e.clientX - box.left) * k;
            if (x < l - 4 || x > r + 4) return hide();
            const near = s => s.points.reduce((a, p) => Math.abs(p[0] - x) < Math.abs(a[0] - x) ? p : a);
            const at = near(lines[0])[0];
            tip.textContent = ''; tip.append(xv((at - l) / (r - l)));
            lines.map(s => [s, near(s)]).sort((a, c) => a[1][1] - c[1][1]).forEach(([s, p]) => {
              const row = document.createElement('div'), dot = document.createElement('i');
              dot.className = s.g.getAttribute('class'); row.append(dot, s.name + ' ' + yv((b - p[1]) / (b - t)));
              tip.append(row); });
            rule.setAttribute('d', `M${at} ${t}V${b}`); tip.hidden = false;
            const home = svg.parentNode.getBoundingClientRect(), px = box.left - home.left + at / k;
            tip.style.left = (px > home.width / 2 ? px - tip.offsetWidth - 10 : px + 10) + 'px';
            tip.style.top = (box.top - home.top + t / k) + 'px';
          });
        });

        """
}
