import type { ApplyRequest } from '../../agent/agent-service.ts';
import type { PlanReport } from '../../agent/model.ts';
import { BerthError, isBerthError } from '../../core/errors.ts';
import type { Cli, Command } from '../context.ts';
import { renderDiagnostics, summarizeDiagnostics } from '../diagnostics.ts';
import { readConfigTexts } from '../files.ts';
import { renderPlan } from '../plan-text.ts';

/** `berth plan`: what applying would do. Exit code 3 with --detailed-exitcode when there is something to do. */
export const run: Command = async (cli, paths) => {
  const request = await readRequest(cli, paths);
  const plan = await planOrExplain(cli, request);
  if (cli.flags.json === true) cli.printJson(plan);
  else showPlan(cli, plan, request);
  if (plan.diagnostics.some(({ severity }) => severity === 'error') && plan.steps.length === 0) return 1;
  return cli.flags.detailedExitcode === true && plan.steps.length > 0 ? 3 : 0;
};

/** What the command line asks to apply: files or a generation. Throws USAGE when it is neither or both. */
export async function readRequest(cli: Cli, paths: readonly string[]): Promise<ApplyRequest> {
  const { generation } = cli.flags;
  if ((generation === undefined) === (paths.length === 0)) {
    throw new BerthError('USAGE', 'name config files, or a generation with --generation N', {
      hint: `${cli.context.program} apply web.yaml`,
    });
  }
  return generation === undefined ? { files: await readConfigTexts(paths, cli.context) } : { generation };
}

/** Diagnostics and the plan, for a person. */
export function showPlan(cli: Cli, plan: PlanReport, request: ApplyRequest): void {
  if (plan.diagnostics.length > 0) {
    cli.print(renderDiagnostics(plan.diagnostics, 'files' in request ? request.files : [], cli.style));
    cli.print(`${summarizeDiagnostics(plan.diagnostics)}\n\n`);
  }
  const isRefused = plan.steps.length === 0 && plan.diagnostics.some(({ severity }) => severity === 'error');
  if (!isRefused) cli.print(renderPlan(plan, cli.style));
}

/** Without an agent nobody knows what runs: say what the config alone tells. */
async function planOrExplain(cli: Cli, request: ApplyRequest): Promise<PlanReport> {
  try {
    return await cli.client.plan(request);
  } catch (error) {
    if (!isBerthError(error, 'AGENT_UNREACHABLE') || !('files' in request)) throw error;
    // The parser is heavy, and seldom needed here.
    const { parseConfig } = await import('../../config/parse.ts');
    const { config, diagnostics } = parseConfig(request.files);
    if (diagnostics.some(({ severity }) => severity === 'error'))
      return { steps: [], skipped: [], diagnostics, cost: null };
    const services = [...config.enable, ...Object.keys(config.compose.services)];
    const declared = services.length === 0 ? 'no services' : services.join(', ');
    throw new BerthError(
      'AGENT_UNREACHABLE',
      `the config is well-formed (${declared}), but what it would change only an agent can tell: ${error.message}`,
      {
        cause: error,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      },
    );
  }
}
