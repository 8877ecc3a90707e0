/** Imports only run downwards: cli, web, api -> agent -> fleet, update, services, host -> engine, boot -> config, datasource -> core. */
const layers = [['cli', 'web'], ['api'], ['agent'], ['fleet', 'update', 'services', 'host'], ['engine', 'boot'], ['config', 'datasource'], ['core']];
const forbidden = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ...layers.flatMap((names, level) => {
    const above = layers.slice(0, level).flat();
    if (above.length === 0) return [];
    return [
      {
        name: `nothing-in-${names.join('-')}-imports-upwards`,
        severity: 'error',
        // agent/main.ts is the composition root: it alone may start the API.
        from: { path: `^src/(${names.join('|')})/`, pathNot: '^src/agent/main\\.ts$' },
        to: { path: `^src/(${above.join('|')})/` },
      },
    ];
  }),
  { name: 'dockerode-in-one-adapter', severity: 'error', from: { path: '^src/', pathNot: '^src/engine/docker' }, to: { path: 'node_modules/(dockerode|@types/dockerode)' } },
];
module.exports = { forbidden, options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, exclude: { path: '^(dist|test|bench)/' } } };
