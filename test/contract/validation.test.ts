import { contractGroup } from './contract-group.ts';

contractGroup('validation');
