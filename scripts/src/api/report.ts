// The report of one entry of a published package, by API Extractor, from the declarations that are published.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { ROOT } from '../pack/packages.ts';

/** Which entry is written down, and where its model is put, from which a reference can be made. */
export interface ReportOptions {
  readonly folder: string;
  /** Its path in `src` without the ending. */
  readonly entry: string;
  readonly models: string;
  /** Whether the report stays as it is. */
  readonly isChecked: boolean;
}

/** Writes a report, or compares it with what is there. */
export function writeReport(options: ReportOptions): { readonly file: string; readonly isChanged: boolean } {
  const { folder, entry, models, isChecked } = options;
  const projectFolder = join(ROOT, folder);
  const entryFile = join(projectFolder, 'lib', `${entry}.d.ts`);
  const name = reportName(folder, entry);
  const model = join(models, `${name}.api.json`);
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
    configObject: {
      projectFolder,
      mainEntryPointFilePath: entryFile,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions: COMPILER_OPTIONS, files: [entryFile] } },
      apiReport: {
        enabled: true,
        reportFolder: join(projectFolder, 'api'),
        reportTempFolder: join(models, 'reports'),
        reportFileName: name,
        // What is reached through what is exported counts as well; other entries reach the same.
        includeForgottenExports: entry === 'index',
      },
      docModel: {
        enabled: true,
        apiJsonFilePath: model,
        includeForgottenExports: entry === 'index',
      },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: silent,
        extractorMessageReporting: { ...silent, 'ae-unresolved-link': { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: silent,
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: !isChecked,
    messageCallback: message => (message.handled = true),
  });
  if (entry !== 'index') nameModel(model, folder, name);
  return { file: join(projectFolder, 'api', `${name}.api.md`), isChanged: result.apiReportChanged };
}

/** A reference has a part for each package: entries beside the first count as packages of their own. */
function nameModel(model: string, folder: string, name: string): void {
  const text = readFileSync(model, 'utf8');
  const renamed = text.replace(new RegExp(`"@agora/${folder}(?=[!"])`, 'g'), `"@agora/${folder}-${name}`);
  writeFileSync(model, renamed);
}

/** What an entry is called: `index` by its package, others by their folder or file. */
function reportName(folder: string, entry: string): string {
  const name = entry.replace(/(^|\/)index$/, '').replace(/\//g, '-');
  return name === '' ? folder : name;
}

const COMPILER_OPTIONS = {
  target: 'ES2024',
  lib: ['ESNext', 'DOM'],
  module: 'ESNext',
  moduleResolution: 'bundler',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
};
