// Report of one entry of a published package, made by API Extractor from the published declarations.

import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { ROOT } from '../pack/packages.ts';

/** The entry of a report, and the folder of its model, which a reference is made from. */
export interface ReportOptions {
  readonly folder: string;
  /** Path of the entry in `src`, without its extension. */
  readonly entry: string;
  readonly models: string;
  /** True compares only. */
  readonly isChecked: boolean;
}

/** Writes a report, or compares the existing one. */
export function writeReport(options: ReportOptions): {
  readonly file: string;
  readonly model: string;
  readonly isChanged: boolean;
} {
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
        // Types that exports refer to are part of the report; other entries refer to the same ones.
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
  return { file: join(projectFolder, 'api', `${name}.api.md`), model, isChanged: result.apiReportChanged };
}

/** The name of a report: the package for `index`, the folder or file for other entries. */
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
