import tseslint from 'typescript-eslint';

const pure = [
  'src/core/**',
  'src/config/**',
  'src/**/plan.ts',
  'src/**/diff.ts',
  'src/services/plan/**',
  'src/services/desired/**',
  'src/agent/release-generation.ts',
  'src/update/{release-manifest,release-version,signed-json}.ts',
  'src/update/machine/{look-times,offer,update-memory,update-plan,update-state}.ts',
  'src/update/feed/!(channel).ts',
  'src/update/reboot/{decide-reboot,inhibitor,login-terminals,reboot-state,window}.ts',
  'src/update/tuf/{expiry,limits,metadata,refusal,source,target,trusted-metadata}.ts',
  'src/update/transfer/{artifacts,batches,block-index,delta-format,index-segments,plan-transfer,segment,tree-check,verity}.ts',
  'src/update/repository/{documents,feed-edits,signing}.ts',
  'src/datasource/!(bounded-file|bounded-http|host-facts-reader|http-fetcher|http-request|metadata-client|mounted-seed-devices).ts',
  'src/datasource/cloud/**',
  'src/host/network/{condition,conflicts,creation,desired,dhcpcd-config,good-time,ip-commands,ip-json,lease,observed,projection,resolv-conf,summary}.ts',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '*.config.js', '.dependency-cruiser.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // An answer that is there at once still has to fit an asynchronous interface, and to fail as a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    // Decisions are pure: no disk, network, clock, randomness or engine (docs/architecture.md).
    files: pure,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(node:)?(fs|fs/promises|child_process|net|http|https|os|process|dgram|dns|timers|timers/promises)$',
              message: 'pure code has no effects',
            },
            { regex: '^(dockerode|express|cron)$', message: 'pure code has no effects' },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'fetch', 'process', 'setTimeout', 'setInterval', 'performance'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now' },
        { object: 'Math', property: 'random' },
      ],
    },
  },
  { files: ['test/**', 'bench/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
