import { contractGroup } from './contract-group.ts';

contractGroup('stats-metrics');
