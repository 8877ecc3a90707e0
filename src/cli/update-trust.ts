import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defaultHostConfig } from '../config/host-config.ts';
