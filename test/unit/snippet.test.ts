import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { inspectNginx } from '../../controller/apply/binary.ts';
import { everyStatement, lex } from '../../controller/feature/lexer.ts';
import { snippet } from '../../controller/feature/snippet.ts';
import { needsLocation } from '../../controller/render/snippet.ts';

const D = '$';

/** Names and arguments, blocks in brackets. */
function shape(text: string): unknown {
  const lexed = lex(text);
  if (!lexed.ok) return `${lexed.line}: ${lexed.why}`;
  const show = (statements: typeof lexed.statements): unknown[] =>
    statements.map(({ name, args, block }) => (block === null ? [name, ...args] : [name, ...args, show(block)]));
  return show(lexed.statements);
}

const why = (text: string, place: 'location' | 'server' = 'location'): string | null => {
  const parsed = snippet(place)(text);
  return parsed.ok ? null : parsed.accepts;
};

describe('the lexer of nginx configuration', () => {
  it('tokens end at blanks, ";" and "{"; quotes and backslashes keep them', () => {
    expect(shape('a b\tc\r\nd;')).to.deep.equal([['a', 'b', 'c', 'd']]);
    expect(shape('a "b;c{" \'d}e\';')).to.deep.equal([['a', 'b;c{', 'd}e']]);
    expect(shape('a "b\\"c" \'d\\\'e\' f\\ g\\;h;')).to.deep.equal([['a', 'b"c', "d'e", 'f\\ g\\;h']]);
    expect(shape('a \\n \\. \\\\ "\\t\\d";')).to.deep.equal([['a', '\n', '\\.', '\\', '\t\\d']]);
    expect(shape(`a ${D}{x}y $x{b c;}`)).to.deep.equal([['a', `${D}{x}y`, '$x', [['b', 'c']]]]);
    expect(shape('a b"c\'d}#e;')).to.deep.equal([['a', 'b"c\'d}#e']]);
    expect(shape('if ($a = "}") { b; }c;')).to.deep.equal([['if', '($a', '=', '}', ')', [['b']]], ['c']]);
    expect(shape('"return" 200 x;')).to.deep.equal([['return', '200', 'x']]);
  });

  it('comments begin where a token could, and end with a line feed only', () => {
    expect(shape('# } {\na;#}')).to.deep.equal([['a']]);
    expect(shape('# \r a;')).to.deep.equal([]);
    expect(shape('a#b c;')).to.deep.equal([['a#b', 'c']]);
    expect(shape('a # ;\n;')).to.deep.equal([['a']]);
  });

  it('Lua code ends where its braces do, whatever its strings and comments say', () => {
    const code = 'x_by_lua_block { local a = "}" -- }\nlocal b = [==[ } ]] ]==] --[[ } ]] if a then c({}) end }\nd;';
    expect(shape(code)).to.deep.equal([['x_by_lua_block', []], ['d']]);
    expect(shape('x_by_lua_block { if a then')).to.equal('1: a block of Lua code has no "}"');
  });

  it('says what does not pair up, and where', () => {
    for (const [text, message] of [
      ['a;\n}', '2: a "}" has no "{"'],
      ['a {\nb;', '2: a "{" has no "}"'],
      ['a', '1: the last directive has no ";"'],
      ['a { b }', '1: a directive before "}" has no ";"'],
      ['a "b', '1: a quote is not closed'],
      ["a 'b\\';", '1: a quote is not closed'],
      ['a "b"c;', '1: "c" right after a closing quote'],
      [';', '1: ";" without a directive'],
      ['{}', '1: "{" without a directive'],
      ['a b\\', '1: the last directive has no ";"'],
      [`a ${'x'.repeat(5000)};`, '1: an argument is longer than 4094 bytes'],
      [`#${'x'.repeat(5000)}\na;`, '1: a comment is too long'],
      ['a {'.repeat(30), '1: blocks are nested more than 20 deep'],
    ] as const) {
      expect(shape(text), text.slice(0, 40)).to.equal(message);
    }
  });

  it('nothing that it accepts reaches past its end, as nginx reads it (random texts)', async function () {
    this.timeout(60_000);
    const { path, abilities } = await inspectNginx(process.env);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-lexer-'));
    const pieces = [
      ...[
        'set $a ',
        'x',
        ';',
        ';',
        '; ',
        '\n',
        ' ',
        '"',
        "'",
        '"b"',
        "'c'",
        '\\',
        '\\"',
        "\\'",
        '{',
        '}',
        '$',
        '${',
        `${D}{a}`,
      ],
      ...[
        '#',
        '# }\n',
        ' #"\n',
        'if ($a) {',
        ' return 200;',
        '}',
        'if ($a = "}") { break; }',
        ')',
        '(',
        '\r',
        '\t',
        'é',
      ],
    ];
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const texts: string[] = [];
    for (let tries = 0; texts.length < 150 && tries < 200_000; tries += 1) {
      const count = 1 + random(10);
      const text = Array.from({ length: count }, () => pieces[random(pieces.length)]).join('');
      const lexed = lex(text);
      // Long ones are rarely accepted, and short ones say little.
      if (lexed.ok && text.length > 8 && lexed.statements.length > 0) texts.push(text);
    }
    expect(texts.length).to.equal(150);

    const marker = 'not_a_directive_of_nginx';
    const modules = abilities.modules.map((file) => `load_module ${file};`).join(' ');
    const strays: string[] = [];
    await Promise.all(
      Array.from({ length: 4 }, async (_unused, worker) => {
        for (const [index, text] of texts.entries()) {
          if (index % 4 !== worker) continue;
          const head = `${modules} error_log stderr; pid ${folder}/pid; events {} http { server { location / {\n`;
          const last = 2 + text.split('\n').length;
          const file = join(folder, `${worker}.conf`);
          await writeFile(file, `${head}${text}\n${marker};\n} } }\n`);
          const failure = await promisify(execFile)(path, ['-t', '-p', folder, '-c', file]).catch((error) => error);
          // nginx reads on up to the marker behind, or finds fault with the text itself.
          const error = String((failure as { stderr: string }).stderr);
          const line = Number(/ in \S+:(\d+)$/m.exec(error)?.[1]);
          const isMarker = error.includes(`unknown directive "${marker}" in ${file}:${last}`);
          const isInText = line >= 2 && line < last && !/unexpected end of file|unexpected "}"/.test(error);
          // Variables are looked up at the end.
          if (!isMarker && !isInText) strays.push(`${JSON.stringify(text)}: ${error}`);
        }
      }),
    );
    await rm(folder, { recursive: true });
    expect(strays).to.deep.equal([]);
  });
});

describe('snippets', () => {
  it('accept what users write', () => {
    for (const text of [
      'proxy_set_header Accept-Encoding "";\nsub_filter \'</head>\' \'<link rel="stylesheet" type="text/css" href="https://theme.test/a.css"></head>\';\nsub_filter_once on;',
      'more_set_headers "Content-Security-Policy: default-src \'self\'";',
      'if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *; return 204; }',
      'rewrite ^/(?<rest>.*)$ /x/$rest break;',
      'location ~* "\\.(js|css){1,2}$" { expires 1y; add_header Cache-Control public; }',
      'allow 10.0.0.0/8;\ndeny all;',
      'access_log off;\nlog_not_found off;',
      'auth_request_set $user $upstream_http_x_user;\nproxy_set_header X-User $user;',
      'root /usr/share/nginx/html;\ntry_files $uri /index.html =404;',
      'proxy_pass http://$host:8080/path;',
      '',
    ]) {
      expect(why(text), text).to.equal(null);
    }
  });

  it('refuse code, files, sockets, other hosts and what is Sluice’s own', () => {
    for (const text of [
      'access_by_lua_block { ngx.exit(200) }',
      'set_by_lua_block $x { return 1 }',
      '"content_by_lua" "x";',
      'lua_need_request_body on;',
      'if ($a) { include /etc/passwd; }',
      'types { include /etc/passwd; }',
      '"include" /etc/passwd;',
      'load_module /x.so;',
      'auth_basic_user_file /etc/shadow;',
      'ssl_certificate_key /x;',
      'proxy_ssl_trusted_certificate /x;',
      'access_log /var/www/x;',
      'error_log /x;',
      'proxy_store on;',
      'dav_methods PUT;',
      'root /;',
      'root /etc/nginx;',
      'root /var;',
      'root //proc/self;',
      'root /srv/../etc;',
      'root $arg_root;',
      'root relative;',
      'location /x { alias /var/run/secrets/; }',
      'proxy_pass http://unix:/run/x.sock;',
      'fastcgi_pass UNIX:/run/x.sock;',
      'set $sluice_route 1;',
      `set ${D}{sluice_auth} granted;`,
      'if ($uri ~ "(?<sluice_route>.)") { }',
      'rewrite ^ //sluice/auth;',
      'add_header X a\u0000b;',
      'add_header X a\u000bb;',
      `add_header X "${'x'.repeat(70_000)}";`,
    ]) {
      expect(why(text), text.slice(0, 60)).to.be.a('string');
    }
    expect(why('listen 80;', 'server')).to.be.a('string');
    expect(why('location / { listen 80; }', 'server')).to.equal(null); // nginx itself refuses it
  });

  it('need a location of their own for a nested one, alias, or a path in proxy_pass', () => {
    const native = (text: string): boolean => {
      const parsed = snippet('location')(text);
      return parsed.ok && needsLocation(parsed.value);
    };
    for (const text of [
      'location /x { }',
      'alias /srv/x;',
      'proxy_pass http://a.test/;',
      'if ($a) { proxy_pass http://a/b; }',
    ]) {
      expect(native(text), text).to.equal(true);
    }
    for (const text of [
      'root /srv/x;',
      'proxy_pass http://a.test;',
      'proxy_pass http://$host/x;',
      'add_header location x;',
    ]) {
      expect(native(text), text).to.equal(false);
    }
  });

  it('every statement is looked at, however deep', () => {
    const lexed = lex('a { b { c x; } } d;');
    expect(lexed.ok ? [...everyStatement(lexed.statements)].map(({ name }) => name) : []).to.deep.equal([
      'a',
      'b',
      'c',
      'd',
    ]);
  });
});
