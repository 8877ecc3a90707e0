import { type EngineOptions, type EnginesConfig, emptyHostConfig } from '../host-config.ts';
import { map, type Written, type WrittenMap } from './written.ts';

/** `berth.engines`: what differs from the defaults. */
export function writeEngines({ system, user, imageBudgetBytes }: EnginesConfig): WrittenMap | undefined {
  const usual = emptyHostConfig.engines;
  return map({
    system: writeEngine(system, usual.system),
    user: writeEngine(user, usual.user),
    image_budget: imageBudgetBytes === usual.imageBudgetBytes ? undefined : imageBudgetBytes,
  });
}

function writeEngine({ logDriver, logOptions, daemon }: EngineOptions, usual: EngineOptions): WrittenMap | undefined {
  const isUsualDriver = logDriver === usual.logDriver;
  const options = Object.entries(logOptions).filter(
    ([name, value]) => !isUsualDriver || usual.logOptions[name] !== value,
  );
  return map({
    log_driver: isUsualDriver ? undefined : logDriver,
    log_options: map(Object.fromEntries(options)),
    daemon: map(daemon as Readonly<Record<string, Written>>),
  });
}
